import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/core/errors.js'
import { createTokenizer, wordsOf } from '../../src/core/tokenizer/tokenizer.js'
import { trainBpe } from './train-bpe.js'

describe('trainBpe', () => {
  it('joins the most frequent pair first, ties in the order of their characters', () => {
    const { merges } = trainBpe(['low low low lower', 'new'], 4)
    expect(merges).toEqual(['l o', 'lo w</w>', 'e r</w>', 'e w</w>'])
  })

  it('numbers the byte tokens first and the end marker last', () => {
    const { vocab, merges } = trainBpe(['aa aa ab'], 2)
    const tokens = [...vocab.keys()]
    expect(tokens.slice(0, 2)).toEqual(['!', '"'])
    expect(tokens[256]).toBe('!</w>')
    expect(tokens.slice(512)).toEqual([
      ...merges.map((merge) => merge.replace(' ', '')),
      '<|startoftext|>',
      '<|endoftext|>',
    ])
    expect([...vocab.values()]).toEqual(tokens.map((_, id) => id))
  })

  it('stops when every word is one token', () => {
    const vocabulary = trainBpe(['stop stop now'], 100)
    expect(vocabulary.merges).toHaveLength(5)
    expect(createTokenizer(vocabulary).encode('now stop')).toHaveLength(2)
  })

  it('gives a vocabulary that encodes and decodes any text', () => {
    const tokenizer = createTokenizer(trainBpe(['a photo of a cat', 'a sketch of a tree'], 20))
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('</w>'))
        const cleaned = wordsOf(text).map((word) => `${word} `)
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(cleaned.join(''))
      }),
    )
  })

  it.each([-1, 1.5, Number.NaN])('refuses %d merges', (merges) => {
    expect(() => trainBpe(['a'], merges)).toThrow(ConfigError)
  })
})
