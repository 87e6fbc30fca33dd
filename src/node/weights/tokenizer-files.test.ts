import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { trainBpe } from '../../../tools/pretrain/train-bpe.js'
import { UserError, WeightsError } from '../../core/errors.js'
import { unpackVocabulary, vocabularyFiles } from '../../core/tokenizer/vocabulary-files.js'
import { loadTokenizer } from './tokenizer-files.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'))
})
afterEach(() => rm(folder, { recursive: true }))

const trained = trainBpe(['a red triangle', 'a red square', 'a blue triangle'], 10)
const put = (name: string, content: unknown): Promise<void> =>
  writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
const putTrained = async (): Promise<void> => {
  for (const [name, content] of Object.entries(vocabularyFiles(trained))) await put(name, content)
}
const bpe = (model: object = {}): object => ({
  model: {
    type: 'BPE',
    end_of_word_suffix: '</w>',
    vocab: Object.fromEntries(trained.vocab),
    merges: trained.merges,
    ...model,
  },
})

describe('loadTokenizer', () => {
  it('reads back vocab.json and merges.txt', async () => {
    await putTrained()
    const tokenizer = await loadTokenizer(folder, { contextLength: 16 })
    expect(tokenizer.vocabSize).toBe(512 + trained.merges.length + 2)
    expect(tokenizer.endToken).toBe(tokenizer.vocabSize - 1)
    expect(tokenizer.contextLength).toBe(16)
    expect(tokenizer.decode(tokenizer.encode('A red triangle'))).toBe('a red triangle ')
  })

  it('reads tokenizer.json, with merges as strings or as pairs', async () => {
    await putTrained()
    const expected = (await loadTokenizer(folder)).encode('a red triangle')
    await put('tokenizer.json', bpe())
    expect((await loadTokenizer(folder)).encode('a red triangle')).toEqual(expected)
    await put('tokenizer.json', bpe({ merges: trained.merges.map((merge) => merge.split(' ')) }))
    expect((await loadTokenizer(folder)).encode('a red triangle')).toEqual(expected)
  })

  it('uses the published vocabulary for a folder that has none', async () => {
    expect((await loadTokenizer(folder)).vocabSize).toBe(49408)
  })

  it('names a folder that is not there', async () => {
    await expect(loadTokenizer(join(folder, 'absent'))).rejects.toThrow(UserError)
    await expect(loadTokenizer(join(folder, 'absent'))).rejects.toThrow('no such folder')
  })

  it.each([
    ['tokenizer.json', '{"model"', 'not JSON'],
    ['tokenizer.json', { model: { type: 'Unigram' } }, 'model.type'],
    ['tokenizer.json', bpe({ end_of_word_suffix: '' }), 'model.end_of_word_suffix'],
    ['tokenizer.json', bpe({ vocab: { a: -1 } }), 'model.vocab.a'],
    ['tokenizer.json', bpe({ vocab: { a: 1, b: 1 } }), 'the same id'],
    ['tokenizer.json', bpe({ vocab: { a: 1 } }), 'lacks the token "!"'],
    ['tokenizer.json', bpe({ merges: ['q q'] }), 'merge 1, "q q"'],
    ['merges.txt', '#version: 0.2\n', 'vocab.json is not'],
    ['vocab.json', {}, 'merges.txt is not'],
  ])('refuses a damaged %s: %o', async (name, content, message) => {
    await put(name, content)
    await expect(loadTokenizer(folder)).rejects.toThrow(WeightsError)
    await expect(loadTokenizer(folder)).rejects.toThrow(message)
  })
})

describe('the published vocabulary', () => {
  it('is byte for byte that of the models on the Hub', async () => {
    const files = vocabularyFiles(await unpackVocabulary(await readFile('assets/clip/merges.txt.gz')))
    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    expect(sha256(files['merges.txt'])).toBe(
      '9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a',
    )
  })
})
