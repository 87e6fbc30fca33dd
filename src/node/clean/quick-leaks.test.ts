import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openFolder } from '../data/folder.js'
import { quickLeaks } from './quick-leaks.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quick-leaks-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (path: string, content: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), content)
}
const leaks = async () => quickLeaks(await openFolder(folder))
/** Of one size and one beginning, so that only the last byte tells. */
const long = (last: string) => `${'x'.repeat(9000)}${last}`

it('names two files of the same bytes in train and test, and counts the others', async () => {
  write('train/a/1.jpg', long('1'))
  write('train/a/2.jpg', long('2'))
  write('train/b/3.jpg', 'three')
  write('test/a/4.jpg', long('2'))
  write('test/b/5.jpg', 'three')
  write('test/b/6.jpg', 'THREE')
  expect(await leaks()).toEqual({
    train: join(folder, 'train/a/2.jpg'),
    test: join(folder, 'test/a/4.jpg'),
    count: 2,
  })
})

it('finds none where sizes, beginnings or ends differ, or where copies are in one part', async () => {
  write('train/a/1.jpg', long('1'))
  write('train/a/2.jpg', long('1'))
  write('train/a/3.jpg', 'abc')
  write('test/a/4.jpg', long('4'))
  write('test/a/5.jpg', 'abd')
  expect(await leaks()).toBeUndefined()
})

it('leaves files that cannot be read, and images without files, to others', async () => {
  write('train/a/1.jpg', 'one')
  write('test/a/1.jpg', 'one')
  const data = await openFolder(folder)
  rmSync(join(folder, 'test/a/1.jpg'))
  expect(await quickLeaks(data)).toBeUndefined()
  const drawn = { source: 'drawn', label: 0, load: () => Promise.reject(new Error('never')) }
  expect(await quickLeaks({ train: [drawn], test: [drawn] })).toBeUndefined()
})
