import { DataError, WeightsError } from '../errors.js'
import { endOfText, startOfText, textOfCharacters, wordSymbols } from './tokenizer-bytes.js'
import { cleanText, type Normalization, whiteSpace } from './tokenizer-cleaning.js'
import { mergeWord } from './tokenizer-merge.js'

/** A byte-pair vocabulary in CLIP's scheme: byte characters, `</w>` at the end of a word. */
export interface Vocabulary {
  /** Id of each token, the start and end markers included. */
  readonly vocab: ReadonlyMap<string, number>
  /** Pairs `left right` in order of rank, lowest first. */
  readonly merges: readonly string[]
}

export interface TokenizerOptions {
  /** Length of the text tower's input, the two markers included. CLIP: 77. */
  readonly contextLength?: number
  /** Default `nfc`, see {@link cleanText}. */
  readonly normalization?: Normalization
}

/** CLIP's byte-level BPE tokenizer (CLIP paper, section 2.4). Immutable, but for a cache of words. */
export interface Tokenizer {
  /** Ids without the start and end markers; markers written in the text become their ids. */
  encode(text: string): number[]
  /**
   * `[start, ...ids, end]`, not padded.
   *
   * @param options.truncate keep the first `contextLength` ids, the last of them replaced by the end marker
   * @throws DataError when longer than `contextLength` and `truncate` is not set
   */
  tokenize(text: string, options?: { truncate?: boolean }): number[]
  /**
   * The text that ids stand for: lower case, a space after every word.
   *
   * @throws DataError for an id that is not in the vocabulary
   */
  decode(ids: Iterable<number>): string
  readonly startToken: number
  /** The largest id of the vocabulary in CLIP's models, which is how their text tower finds the end. */
  readonly endToken: number
  /** One more than the largest id: rows of the token embedding. */
  readonly vocabSize: number
  readonly contextLength: number
  readonly padToken: 0
  readonly vocabulary: Vocabulary
}

/**
 * The words BPE works on: contractions, runs of letters, single digits, runs of anything else, special markers.
 * CLIP's pattern ignores case, which matters for two characters that lower-casing keeps: a long s counts as an s, and
 * U+0345, a combining mark whose upper case is a letter, matches nothing and is dropped.
 */
const word = new RegExp(
  `<\\|[sſ]tartoftext\\|>|<\\|endoftext\\|>|'[sſtmd]|'(?:re|ve|ll)|\\p{L}+|\\p{N}|[^${whiteSpace}\\u0345\\p{L}\\p{N}]+`,
  'gu',
)

/** Words of a text after cleaning, in order. */
export function wordsOf(text: string, normalization: Normalization = 'nfc'): string[] {
  return cleanText(text, normalization).match(word) ?? []
}

const longestCachedWord = 64
const largestCache = 50_000

/**
 * A tokenizer over a given vocabulary. Runs in Node and in the browser.
 *
 * @throws WeightsError when the vocabulary lacks a special marker
 */
export function createTokenizer(vocabulary: Vocabulary, options: TokenizerOptions = {}): Tokenizer {
  const { vocab, merges } = vocabulary
  const { contextLength = 77, normalization = 'nfc' } = options
  const startToken = markerId(vocab, startOfText)
  const endToken = markerId(vocab, endOfText)
  const ranks = new Map<string, number>()
  for (const merge of merges) ranks.set(merge, ranks.size)
  const cache = new Map<string, readonly number[]>()
  let largestId = 0
  for (const id of vocab.values()) if (id > largestId) largestId = id
  let tokenOf: Map<number, string> | undefined

  const idsOf = (text: string): readonly number[] => {
    if (text === startOfText) return [startToken]
    if (text === endOfText) return [endToken]
    const cached = cache.get(text)
    if (cached) return cached
    const ids = mergeWord(wordSymbols(text), ranks).map((token) => {
      const id = vocab.get(token)
      if (id === undefined)
        throw new WeightsError(`the vocabulary lacks the token "${token}" of "${short(text)}"`)
      return id
    })
    if (cache.size >= largestCache) cache.clear()
    if (text.length <= longestCachedWord) cache.set(text, ids)
    return ids
  }

  const encode = (text: string): number[] => wordsOf(text, normalization).flatMap(idsOf)

  const tokenize = (text: string, { truncate = false }: { truncate?: boolean } = {}): number[] => {
    const row = [startToken, ...encode(text), endToken]
    if (row.length <= contextLength) return row
    if (!truncate) {
      throw new DataError(
        `"${short(text)}" is ${row.length} tokens long with its start and end markers; the model takes at most ${contextLength}`,
        { hint: 'Shorten the class name or the prompt.' },
      )
    }
    return [...row.slice(0, contextLength - 1), endToken]
  }

  const decode = (ids: Iterable<number>): string => {
    tokenOf ??= new Map(Array.from(vocab, ([token, id]) => [id, token]))
    let characters = ''
    for (const id of ids) {
      const token = tokenOf.get(id)
      if (token === undefined)
        throw new DataError(`token id ${id} is not in the vocabulary (0 to ${largestId})`)
      characters += token
    }
    return textOfCharacters(characters).replaceAll('</w>', ' ')
  }

  return {
    encode,
    tokenize,
    decode,
    startToken,
    endToken,
    vocabSize: largestId + 1,
    contextLength,
    padToken: 0,
    vocabulary,
  }
}

function markerId(vocab: ReadonlyMap<string, number>, marker: string): number {
  const id = vocab.get(marker)
  if (id === undefined) {
    throw new WeightsError(`the vocabulary has no ${marker} token`, { hint: 'Use a CLIP vocabulary.' })
  }
  return id
}

function short(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}
