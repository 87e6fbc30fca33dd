import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AnswerFile, type ImageAnswer } from './answer-file.js'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'promptsrc-answers-'))
  path = join(folder, 'answers.csv')
})
afterEach(() => rmSync(folder, { recursive: true }))

const names = Array.from({ length: 10 }, (_, i) => `${i}.jpg`)
const answer = (image: string): ImageAnswer =>
  image === '3.jpg' ? { image, error: 'damaged' } : { image, classes: [{ className: 'ü', probability: 0.5 }] }
const basis = { run: 'abc', top: 1, threshold: undefined }
const begin = (given = names, of: Record<string, unknown> = basis) => AnswerFile.open(path, of, given, 4)
const line = (given: ImageAnswer) => `${given.image} ${'error' in given ? given.error : 'ok'}\n`

async function put(count: number): Promise<void> {
  const file = await begin()
  for (const name of names.slice(file.kept, count)) await file.put(answer(name))
  await file.close()
}

async function ended(given = names): Promise<string> {
  const file = await begin(given)
  for (const name of given.slice(file.kept)) await file.put(answer(name))
  await file.finish('head\n', line)
  await file.close()
  expect(readdirSync(folder)).toEqual(['answers.csv'])
  return readFileSync(path, 'utf8')
}

const whole = `head\n${names.map((name) => line(answer(name))).join('')}`

describe('a file of answers', () => {
  it('is there when it is whole, and not before', async () => {
    await put(10)
    expect(existsSync(path)).toBe(false)
    expect(await ended()).toBe(whole)
  })

  it('goes on after whole batches, wherever it was cut, to the same file', async () => {
    await put(10)
    const partial = readFileSync(`${path}.partial`)
    for (let bytes = 0; bytes <= partial.length; bytes += 7) {
      rmSync(path, { force: true })
      writeFileSync(`${path}.partial`, partial.subarray(0, bytes))
      const file = await begin()
      expect(file.kept % 4 === 0 || file.kept === names.length).toBe(true)
      await file.close()
      expect(await ended()).toBe(whole)
    }
  })

  it('keeps what was answered, and only that', async () => {
    await put(9)
    const file = await begin()
    expect(file.kept).toBe(8)
    await file.close()
  })

  it('answers anew from where the images are others', async () => {
    await put(10)
    const others = [...names.slice(0, 5), 'new.jpg', ...names.slice(5)]
    const file = await begin(others)
    expect(file.kept).toBe(4)
    await file.close()
    expect(await ended(others)).toBe(`head\n${others.map((name) => line(answer(name))).join('')}`)
  })

  it('passes over what a crash left in place of lines', async () => {
    await put(6)
    truncateSync(`${path}.partial`, readFileSync(`${path}.partial`).length - 3)
    appendFileSync(`${path}.partial`, Buffer.alloc(100))
    appendFileSync(`${path}.partial`, '\n{"image":"5.jpg"}\n')
    expect(await ended()).toBe(whole)
  })

  it('is not gone on with for something else, which is named', async () => {
    await put(5)
    const begun = readFileSync(`${path}.partial`, 'utf8')
    await expect(begin(names, { ...basis, top: 2, threshold: 0.1 })).rejects.toThrow(
      /partial was begun otherwise; what differs: top, threshold/,
    )
    expect(readFileSync(`${path}.partial`, 'utf8')).toBe(begun)
  })

  it('replaces no file, neither a whole one nor a partial one of others', async () => {
    for (const others of ['my notes\n', 'my notes', '{"answers":1,"of":"others"}\n']) {
      writeFileSync(`${path}.partial`, others)
      await expect(begin()).rejects.toThrow('holds no answers of an earlier call')
    }
    writeFileSync(path, 'mine')
    await expect(begin()).rejects.toThrow(`${path} is there already`)
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })

  it('is written by one process at a time', async () => {
    const file = await begin()
    await expect(begin()).rejects.toThrow('being written by another process')
    await file.close()
    await (await begin()).close()
  })
})
