import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findPhotos } from './find-photos.js'

const root = mkdtempSync(join(tmpdir(), 'promptsrc-find-'))
const folder = join(root, 'photos')
const paths = [
  'b.JPG',
  'a/b.heic',
  'a/b.MOV',
  'a/c.txt',
  'a/sorted/x.jpg',
  '.hidden/x.jpg',
  '._b.jpg',
  '__MACOSX/x.jpg',
]

beforeAll(() => {
  for (const path of paths) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), path)
  }
  mkdirSync(join(root, 'outside'))
  writeFileSync(join(root, 'outside/secret.jpg'), '')
  symlinkSync(join(root, 'outside'), join(folder, 'out'))
  symlinkSync('b.JPG', join(folder, 'twin.jpg'))
  symlinkSync(folder, join(folder, 'a/round'))
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

it('finds pictures with what belongs to them, in all folders but hidden ones, litter and the one to leave out', async () => {
  const { photos, others, links, unreadable } = await findPhotos(folder, join(folder, 'a/sorted'))
  expect(photos.map(({ path, companions }) => [path, ...companions.map((each) => each.path)])).toEqual([
    ['a/b.heic', 'a/b.MOV'],
    ['b.JPG'],
  ])
  expect(photos[1]!.bytes).toBe(5)
  expect(others).toEqual(['a/c.txt'])
  expect(links).toEqual(['a/round', 'out', 'twin.jpg'])
  expect(unreadable).toEqual([])
})

it('may be led to the folder by a link', async () => {
  symlinkSync(folder, join(root, 'link'))
  const found = await findPhotos(join(root, 'link'))
  expect(found.folder).toBe((await findPhotos(folder)).folder)
  expect(found.photos).toHaveLength(3)
})

it.each([
  ['nowhere', 'no such folder'],
  ['photos/b.JPG', 'is a file'],
])('refuses %s', async (path, words) => {
  await expect(findPhotos(join(root, path))).rejects.toThrow(words)
})

it.skipIf(process.platform !== 'linux')('lists a name that is not UTF-8 instead of losing it', async () => {
  const odd = join(root, 'odd')
  mkdirSync(odd)
  writeFileSync(Buffer.concat([Buffer.from(`${odd}/`), Buffer.from([0xe4]), Buffer.from('.jpg')]), '')
  const { photos, unreadable } = await findPhotos(odd)
  expect(photos).toEqual([])
  expect(unreadable).toEqual([{ path: '\ufffd.jpg', reason: 'file cannot be read' }])
})
