import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadTokenizer } from '../../node/weights/tokenizer-files.js'
import { DataError, WeightsError } from '../errors.js'
import { createTokenizer, type Tokenizer, wordsOf } from './tokenizer.js'
import { vocabularyOf } from './tokenizer-bytes.js'
import { cleanText, unescapeHtml } from './tokenizer-cleaning.js'
import { mergeWord } from './tokenizer-merge.js'

interface GoldenEntry {
  text: string
  ids: number[]
  n_tokens_with_specials: number
  ftfy_may_matter: boolean
  row77_prefix?: number[]
  row77_truncated?: number[]
  decoded: string
}

const goldenFile = fileURLToPath(
  new URL('../../../test/golden/tokenizer/tokenizer_golden.json', import.meta.url),
)
const { entries } = JSON.parse(readFileSync(goldenFile, 'utf8')) as { entries: GoldenEntry[] }

let tokenizer: Tokenizer
let unnormalized: Tokenizer
beforeAll(async () => {
  tokenizer = await loadTokenizer()
  unnormalized = await loadTokenizer(undefined, { normalization: 'none' })
})

describe('the published vocabulary', () => {
  it('encodes every reference text to the reference ids', () => {
    for (const { text, ids, ftfy_may_matter } of entries) {
      expect(unnormalized.encode(text), JSON.stringify(text)).toEqual(ids)
      if (!ftfy_may_matter) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids)
    }
  })

  it('decodes every reference text', () => {
    for (const { ids, decoded } of entries) expect(tokenizer.decode(ids)).toBe(decoded)
  })

  it('surrounds the ids with the markers, up to 77 tokens', () => {
    const fitting = entries.filter((entry) => entry.row77_prefix && !entry.ftfy_may_matter)
    expect(fitting.length).toBeGreaterThan(100)
    for (const { text, row77_prefix } of fitting) expect(tokenizer.tokenize(text)).toEqual(row77_prefix)
  })

  it('refuses a longer text unless it may be truncated', () => {
    const long = entries.filter((entry) => entry.n_tokens_with_specials > 77)
    expect(long.length).toBeGreaterThan(0)
    for (const { text, row77_truncated, n_tokens_with_specials } of long) {
      expect(() => tokenizer.tokenize(text)).toThrow(DataError)
      expect(() => tokenizer.tokenize(text)).toThrow(`${n_tokens_with_specials} tokens`)
      expect(tokenizer.tokenize(text, { truncate: true })).toEqual(row77_truncated)
    }
  })

  it('has the sizes of CLIP', () => {
    const { startToken, endToken, vocabSize, contextLength, padToken } = tokenizer
    expect({ startToken, endToken, vocabSize, contextLength, padToken }).toEqual({
      startToken: 49406,
      endToken: 49407,
      vocabSize: 49408,
      contextLength: 77,
      padToken: 0,
    })
  })

  it('names an id that is not in the vocabulary', () => {
    expect(() => tokenizer.decode([49408])).toThrow('token id 49408 is not in the vocabulary (0 to 49407)')
  })

  it('decodes what it encoded to the cleaned words', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const words = wordsOf(text)
        fc.pre(!text.includes('</w>') && !/\p{Cs}/u.test(text))
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(words.map((word) => `${word} `).join(''))
      }),
    )
  })
})

describe('characters that ftfy would rewrite', () => {
  it('composes accents by default, and leaves them as written on request', () => {
    expect(tokenizer.encode('cafe\u0301')).toEqual(tokenizer.encode('café'))
    expect(unnormalized.encode('cafe\u0301')).not.toEqual(tokenizer.encode('café'))
  })

  it('changes nothing else: quotes, ligatures, full width, mojibake and controls are kept as written', () => {
    const kept = entries.filter((entry) => entry.ftfy_may_matter && entry.text.normalize() === entry.text)
    expect(kept.length).toBeGreaterThan(10)
    for (const { text, ids } of kept) expect(tokenizer.encode(text)).toEqual(ids)
  })
})

describe('cleaning', () => {
  it.each([
    ['&#x41;&#65&#128;&#0;', 'AA€\ufffd'],
    ['&#1;&#x7f;&#xfdd0;&#x1fffe;|&#xd800;&#x110000;|&#99999999999;', '|\ufffd\ufffd|\ufffd'],
    ['&notit; &notin; &NotEqualTilde; &copy &copyx', '¬it; ∉ ≂̸ © ©x'],
    ['&; &# &#x; &unknown; & &&amp;', '&; &# &#x; &unknown; & &&'],
    [`&${'a'.repeat(40)};`, `&${'a'.repeat(40)};`],
  ])('unescapes %s as Python does', (text, expected) => {
    expect(unescapeHtml(text)).toBe(expected)
  })

  it('takes for white space what Python does, at the ends the separators 1C to 1F too', () => {
    expect(cleanText('\u0085\u001c a\u00a0\u3000\n\u2028b\u001cc \u001f')).toBe('a b\u001cc')
    expect(cleanText('\ufeffa')).toBe('\ufeffa')
  })

  it('lower-cases with the final sigma and the dotted capital I', () => {
    expect(cleanText('ΟΔΥΣΣΕΥΣ İ')).toBe('οδυσσευς i\u0307')
  })

  it('takes a long s for the s of a contraction, as a pattern that ignores case does', () => {
    expect(wordsOf("it'ſ")).toEqual(['it', "'ſ"])
  })

  it('drops the combining iota below, which the pattern of the reference does not match', () => {
    expect(wordsOf('< \u0345> \u0345', 'none')).toEqual(['<', '>'])
  })

  it.each([
    ['letters', 'ab'],
    ['ampersands', '&'],
    ['entities', '&amp;'],
    ['references without end', '&#'],
    ['white space', ' \u001c'],
    ['combining marks out of order', '\u0301\u0327'],
    ['apostrophes', "'"],
    ['punctuation', '<|'],
  ])('takes time linear in the length of hostile %s', (_, piece) => {
    const text = `x${piece.repeat(400_000 / piece.length)}x`
    const start = performance.now()
    tokenizer.tokenize(text, { truncate: true })
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('merging', () => {
  it('joins all pairs of one rank before those that appear meanwhile, whatever their rank', () => {
    const ranks = new Map([
      ['ab a', 0],
      ['a b', 1],
    ])
    expect(mergeWord([...'abab'], ranks)).toEqual(['ab', 'ab'])
    expect(mergeWord([...'aba'], ranks)).toEqual(['aba'])
  })

  it('agrees with joining the best pair over and over', () => {
    const letter = fc.constantFrom('a', 'b', 'c')
    const symbol = fc.string({ unit: letter, minLength: 1, maxLength: 3 })
    const merges = fc.uniqueArray(fc.tuple(symbol, symbol).map(([a, b]) => `${a} ${b}`))
    fc.assert(
      fc.property(fc.array(letter, { minLength: 1, maxLength: 30 }), merges, (word, list) => {
        const ranks = new Map(list.map((merge, rank) => [merge, rank]))
        expect(mergeWord([...word], ranks)).toEqual(mergeByRounds(word, list))
      }),
    )
  })
})

/** Algorithm of CLIP's `simple_tokenizer.py`, quadratic. */
function mergeByRounds(word: string[], merges: string[]): string[] {
  let symbols = word
  for (;;) {
    const pairs = symbols.slice(1).map((right, i) => `${symbols[i]} ${right}`)
    const best = merges.find((merge) => pairs.includes(merge))
    if (best === undefined) return symbols
    const joined: string[] = []
    for (let i = 0; i < symbols.length; i++) {
      const joins = `${symbols[i]} ${symbols[i + 1]}` === best
      joined.push(joins ? best.replace(' ', '') : (symbols[i] as string))
      if (joins) i++
    }
    symbols = joined
  }
}

describe('createTokenizer', () => {
  it('refuses a vocabulary without the markers', () => {
    const vocab = vocabularyOf([])
    vocab.delete('<|endoftext|>')
    expect(() => createTokenizer({ vocab, merges: [] })).toThrow(WeightsError)
  })

  it('keeps to the given context length', () => {
    const short = createTokenizer({ vocab: vocabularyOf([]), merges: [] }, { contextLength: 5 })
    expect(short.tokenize('abc')).toEqual([512, 64, 65, 322, 513])
    expect(short.tokenize('abcd', { truncate: true })).toEqual([512, 64, 65, 66, 513])
    expect(() => short.tokenize('abcd')).toThrow('"abcd" is 6 tokens long')
  })
})
