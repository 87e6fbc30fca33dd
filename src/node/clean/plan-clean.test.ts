import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fileTree } from '../../../test/support/file-tree.js'
import { doSort } from '../sort/begin-sort.js'
import { undoSort } from '../sort/undo.js'
import { planClean } from './plan-clean.js'

let base: string
let folder: string
let into: string
beforeEach(async () => {
  base = await realpath(mkdtempSync(join(tmpdir(), 'plan-clean-')))
  folder = join(base, 'photos')
  into = join(base, 'photos-removed')
  for (const path of [
    'train/cat/1.jpg',
    'train/cat/1.xmp',
    'train/cat/2.jpg',
    'train/dog/1.jpg',
    'test/cat/9.jpg',
  ]) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), path)
  }
})
afterEach(() => rmSync(base, { recursive: true }))

const moves = async (...steps: Parameters<typeof planClean>[2]) => {
  const { transfers, left } = await planClean(folder, into, steps)
  return { moves: transfers.map(({ path, to, within }) => [path, to, within ?? 'into']), left }
}

describe('a plan', () => {
  it('removes pictures with what belongs to them, under the names that they had', async () => {
    expect(await moves({ path: 'train/cat/1.jpg' }, { path: 'test/cat/9.jpg' })).toEqual({
      moves: [
        ['train/cat/1.jpg', 'train/cat/1.jpg', 'into'],
        ['train/cat/1.xmp', 'train/cat/1.xmp', 'into'],
        ['test/cat/9.jpg', 'test/cat/9.jpg', 'into'],
      ],
      left: [],
    })
  })

  it('moves pictures to a class of their part, by a number where the name is taken', async () => {
    const { moves: planned } = await moves(
      { path: 'train/cat/1.jpg', classFolder: 'dog' },
      { path: 'train/cat/2.jpg', classFolder: 'dog' },
      { path: 'test/cat/9.jpg', classFolder: 'dog' },
    )
    expect(planned).toEqual([
      ['train/cat/1.jpg', 'train/dog/1 (2).jpg', 'folder'],
      ['train/cat/1.xmp', 'train/dog/1 (2).xmp', 'folder'],
      ['train/cat/2.jpg', 'train/dog/2.jpg', 'folder'],
      ['test/cat/9.jpg', 'test/dog/9.jpg', 'folder'],
    ])
  })

  it('leaves links, what is gone and what is there already, and says why', async () => {
    symlinkSync('1.jpg', join(folder, 'train/cat/link.jpg'))
    const { left } = await moves(
      { path: 'train/cat/link.jpg' },
      { path: 'train/cat/none.jpg' },
      { path: 'train/cat/2.jpg', classFolder: 'cat' },
    )
    expect(left.map(({ reason }) => reason)).toEqual([
      'it is a symbolic link',
      'it is gone',
      'it is of that class already',
    ])
  })
})

describe('what is done by it', () => {
  const steps = [
    { path: 'train/cat/1.jpg' },
    { path: 'train/cat/2.jpg', classFolder: 'dog' },
    { path: 'test/cat/9.jpg', classFolder: 'dog' },
  ]
  const call = () => ({ folder, how: 'move' as const, call: { clean: 'x' } })

  it('is taken back exactly, with the folders that were made for it', async () => {
    const before = fileTree(base)
    const { transfers } = await planClean(folder, into, steps)
    expect(await doSort(into, call(), transfers)).toEqual({ done: 4, failed: [] })
    const after = Object.keys(fileTree(base)).filter((path) => !path.includes('.promptsrc'))
    expect(after).toContain('photos-removed/train/cat/1.xmp')
    expect(after).toContain('photos/train/dog/2.jpg')
    expect(after).toContain('photos/test/dog/9.jpg')
    expect(after).not.toContain('photos/train/cat/1.jpg')
    expect(await undoSort(into)).toMatchObject({ folder, files: 4, kept: [] })
    expect(fileTree(base)).toEqual(before)
  })

  it.each([0, 1, 2])('is taken back exactly after a stop at file %i', async (stop) => {
    const before = fileTree(base)
    const { transfers } = await planClean(folder, into, steps)
    const stopped = new AbortController()
    const options = {
      signal: stopped.signal,
      onProgress: (done: number) => done > stop && stopped.abort(new Error('stopped')),
    }
    await expect(doSort(into, call(), transfers, options)).rejects.toThrow('stopped')
    await undoSort(into)
    expect(fileTree(base)).toEqual(before)
  })
})
