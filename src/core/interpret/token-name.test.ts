import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { loadTokenizer } from '../../node/weights/tokenizer-files.js'
import { createTokenizer, type Tokenizer } from '../tokenizer/tokenizer.js'
import { byteAlphabet, vocabularyOf } from '../tokenizer/tokenizer-bytes.js'
import { displayName, tokenName } from './token-name.js'

const merges = ['c a', 'ca t</w>', 'Ã ©</w>']
const vocab = vocabularyOf(merges)
const tokenizer = createTokenizer({ vocab, merges })
const name = (token: string) => tokenName(tokenizer, vocab.get(token)!)
const byte = (value: number) => byteAlphabet.characterOf[value]!

describe('the name of a token', () => {
  it('is a word without its end-of-word mark', () => {
    expect(name('cat</w>')).toEqual({ text: 'cat', wordEnd: true })
  })

  it('tells a piece of a word from a word', () => {
    expect(name('ca')).toEqual({ text: 'ca', wordEnd: false })
    expect(displayName(name('ca'))).toBe('ca-')
    expect(displayName(name('cat</w>'))).toBe('cat')
  })

  it('joins the bytes of a character', () => {
    expect(name('Ã©</w>').text).toBe('é')
  })

  it('numbers bytes that are no character by themselves, and spaces', () => {
    expect(name(byte(0xc3)).text).toBe(`<token ${vocab.get(byte(0xc3))}>`)
    expect(name(byte(0x20)).text).toBe(`<token ${vocab.get(byte(0x20))}>`)
  })

  it('escapes what a terminal would obey', () => {
    expect(name(byte(0x1b)).text).toBe('\\u{1b}')
  })

  it('keeps the markers as they are', () => {
    expect(displayName(tokenName(tokenizer, tokenizer.endToken))).toBe('<|endoftext|>')
  })
})

describe('the names of the tiny model', () => {
  let tiny: Tokenizer
  beforeAll(async () => {
    tiny = await loadTokenizer(fileURLToPath(new URL('../../../assets/tiny', import.meta.url)), {
      contextLength: 77,
    })
  })

  it('are printable and never hold the end-of-word mark', () => {
    for (let id = 0; id < tiny.vocabSize; id++) {
      const { text } = tokenName(tiny, id)
      expect(text).not.toMatch(/\p{C}|<\/w>|^$/u)
    }
  })

  it('are the words that were tokenised', () => {
    const names = tiny.encode('a photo of a').map((id) => tokenName(tiny, id))
    expect(names.map(({ text }) => text).join(' ')).toBe('a photo of a')
  })
})
