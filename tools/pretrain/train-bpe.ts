import { ConfigError } from '../../src/core/errors.js'
import { type Vocabulary, wordsOf } from '../../src/core/tokenizer/tokenizer.js'
import {
  endOfText,
  startOfText,
  vocabularyOf,
  wordSymbols,
} from '../../src/core/tokenizer/tokenizer-bytes.js'

interface CountedWord {
  symbols: string[]
  readonly count: number
}

/**
 * Trains a byte-level BPE vocabulary in CLIP's scheme (Sennrich et al. 2016, algorithm 1): the 512 byte tokens, one
 * token a merge, the start marker, the end marker. In each round the most frequent pair is joined; of equally
 * frequent pairs the one that sorts first by UTF-16 code units, so the result depends on the corpus alone.
 *
 * @param corpus texts, cleaned and split into words as the tokenizer does it
 * @param merges number of merges; fewer are made when every word of the corpus has become one token
 * @throws ConfigError when `merges` is not a whole number from 0
 */
export function trainBpe(corpus: readonly string[], merges: number): Vocabulary {
  if (!Number.isInteger(merges) || merges < 0) {
    throw new ConfigError(`merges is ${merges}; expected a whole number from 0`)
  }
  const words = countWords(corpus)
  const made: string[] = []
  while (made.length < merges) {
    const best = mostFrequentPair(words)
    if (best === undefined) break
    made.push(best)
    const [left, right] = best.split(' ') as [string, string]
    for (const word of words) word.symbols = joined(word.symbols, left, right)
  }
  return { merges: made, vocab: vocabularyOf(made) }
}

function countWords(corpus: readonly string[]): CountedWord[] {
  const counts = new Map<string, number>()
  for (const text of corpus) {
    for (const word of wordsOf(text)) {
      if (word !== startOfText && word !== endOfText) counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  return Array.from(counts, ([word, count]) => ({ symbols: wordSymbols(word), count }))
}

function mostFrequentPair(words: readonly CountedWord[]): string | undefined {
  const counts = new Map<string, number>()
  for (const { symbols, count } of words) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]} ${symbols[i + 1]}`
      counts.set(pair, (counts.get(pair) ?? 0) + count)
    }
  }
  let best: string | undefined
  let most = 0
  for (const [pair, count] of counts) {
    if (count > most || (count === most && pair < (best as string))) {
      best = pair
      most = count
    }
  }
  return best
}

function joined(symbols: readonly string[], left: string, right: string): string[] {
  const result: string[] = []
  for (let i = 0; i < symbols.length; i++) {
    const joins = symbols[i] === left && symbols[i + 1] === right
    result.push(joins ? left + right : (symbols[i] as string))
    if (joins) i++
  }
  return result
}
