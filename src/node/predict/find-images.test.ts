import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findImages } from './find-images.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-find-images-'))
const here = process.cwd()
beforeAll(() => {
  for (const file of [
    'photos/b.jpg',
    'photos/a.PNG',
    'photos/a.xmp',
    'photos/.hidden.jpg',
    'photos/below/c.webp',
    'photos/below/[1].jpg',
    'photos/below/1.jpg',
    'empty/readme.txt',
  ]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), '')
  }
  symlinkSync(join(folder, 'photos'), join(folder, 'photos/loop'))
  process.chdir(folder)
})
afterAll(() => {
  process.chdir(here)
  rmSync(folder, { recursive: true })
})

async function* listed(...parts: string[]) {
  yield* parts
}
const find = (given: string[], addresses = false, list = listed()) => findImages(given, { addresses, list })
const all = [
  'photos/a.PNG',
  'photos/b.jpg',
  'photos/below/1.jpg',
  'photos/below/[1].jpg',
  'photos/below/c.webp',
]

describe('images', () => {
  it('are the pictures of a folder and those below it, in code-point order, links left alone', async () => {
    expect(await find(['photos/'])).toEqual({ names: all, unreadable: [], links: 1 })
  })

  it('stay in the order in which they were given, twice where they were given twice', async () => {
    const { names } = await find(['photos/b.jpg', 'photos/below', 'photos/b.jpg', 'not/there.jpg'])
    expect(names).toEqual(['photos/b.jpg', ...all.slice(2), 'photos/b.jpg', 'not/there.jpg'])
  })

  it.each([
    ['photos/*.jpg', ['photos/b.jpg']],
    [
      'photos/**/*.{jpg,webp}',
      ['photos/b.jpg', 'photos/below/1.jpg', 'photos/below/[1].jpg', 'photos/below/c.webp'],
    ],
    ['photos/*', ['photos/a.PNG', 'photos/a.xmp', 'photos/b.jpg']],
  ])('match a pattern: %s', async (pattern, names) => {
    expect((await find([pattern])).names).toEqual(names)
  })

  it('are never a pattern where there is a file of that very name', async () => {
    expect((await find(['photos/below/[1].jpg'])).names).toEqual(['photos/below/[1].jpg'])
  })

  it.each([
    ['photos/*.heic', 'photos/*.heic: no such file, and nothing that matches'],
    ['empty', 'empty: no pictures there'],
    ['https://example.org/a.jpg', 'https://example.org/a.jpg: an address'],
  ])('are missed, which is said: %s', async (name, message) => {
    await expect(find([name])).rejects.toThrow(message)
  })

  it('may be addresses where that is allowed', async () => {
    expect((await find(['https://example.org/a*.jpg'], true)).names).toEqual(['https://example.org/a*.jpg'])
  })
})

describe('a list', () => {
  it('has a file, folder or address a line, whatever its ends and however it arrives', async () => {
    const list = listed('photos/b.j', 'pg\r\nphotos/below\n', '\nhttps://example.org\nphotos/*.jpg')
    expect((await find(['-'], true, list)).names).toEqual([
      'photos/b.jpg',
      ...all.slice(2),
      'https://example.org',
      'photos/*.jpg',
    ])
  })

  it('may be separated by NUL, so that names may have line ends', async () => {
    expect((await find(['-'], false, listed('a\nb.jpg\0c.jpg\0'))).names).toEqual(['a\nb.jpg', 'c.jpg'])
  })

  it('must not be empty', async () => {
    await expect(find(['-'], false, listed('\n'))).rejects.toThrow('the list on standard input is empty')
  })
})
