import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { fileTree } from '../../../test/support/file-tree.js'
import { doSort, unfinishedSort } from './begin-sort.js'
import { findPhotos } from './find-photos.js'
import { type How, JOURNALS } from './journal.js'
import { classFolders, planSort } from './plan.js'
import { undoSort } from './undo.js'

const root = mkdtempSync(join(tmpdir(), 'promptsrc-sort-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let count = 0
let folder: string
let into: string
beforeEach(() => {
  folder = join(root, `${++count}`)
  into = `${folder}-sorted`
  mkdirSync(folder)
})

function write(path: string, text = path): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), text)
}

const call = (how: How) => ({ folder, how, call: {} })

/** What puts every picture into the folder of its first letter. */
async function entriesOf() {
  const { photos } = await findPhotos(folder, into)
  const letter = (path: string) => basename(path)[0]!.toLowerCase()
  const judged = photos.map((photo) => ({
    photo,
    verdict: {
      kind: 'class',
      classes: [{ className: letter(photo.path), probability: 1 }],
      score: 1,
    } as const,
  }))
  const folders = classFolders([...new Set(photos.map(({ path }) => letter(path)))])
  const taken = (name: string) => (existsSync(join(into, name)) ? readdirSync(join(into, name)) : [])
  return planSort(judged, folders, taken).flatMap(({ transfers }) => transfers)
}

/** Sorts, or goes on; ends after `most` files as by Ctrl-C. */
async function sort(how: How, most = Number.POSITIVE_INFINITY) {
  const controller = new AbortController()
  const unfinished = await unfinishedSort(into, call(how))
  await unfinished?.close()
  const plan = unfinished ?? (await entriesOf())
  if (most === 0) controller.abort(new Error('stopped'))
  let done = 0
  return doSort(into, call(how), plan, {
    signal: controller.signal,
    onProgress: () => {
      if (++done >= most) controller.abort(new Error('stopped'))
    },
  })
}

const sorted = () =>
  readdirSync(into, { recursive: true, encoding: 'utf8' })
    .filter((path) => !path.startsWith(JOURNALS) && !statSync(join(into, path)).isDirectory())
    .sort()

const ways = ['copy', 'move', 'hardlink', 'symlink'] as const

describe('sorting', () => {
  it.each(ways)('and undoing any part of it gives the tree back bit for bit: %s', async (how) => {
    const names = fc.constantFrom('x.jpg', 'y.jpg', 'x.xmp', 'x.jpg.xmp', 'y.CR2', 'X.JPG', 'z.png', 'n.txt')
    const parts = fc.constantFrom('', 'a/', 'a/b/', 'x/')
    const paths = fc.uniqueArray(
      fc.tuple(parts, names).map(([part, name]) => part + name),
      {
        minLength: 1,
        maxLength: 14,
      },
    )
    await fc.assert(
      fc.asyncProperty(paths, fc.nat(14), fc.nat(14), async (files, first, second) => {
        rmSync(folder, { recursive: true, force: true })
        mkdirSync(folder)
        for (const path of files) write(path)
        const before = fileTree(folder)
        await sort(how, first).catch((error) => expect(error.message).toBe('stopped'))
        const isUnfinished = await unfinishedSort(into, call(how))
        await isUnfinished?.close()
        if (isUnfinished) await sort(how, second).catch((error) => expect(error.message).toBe('stopped'))
        // Any part of the undo, and the rest of it.
        const controller = new AbortController()
        let undone = 0
        const options = {
          signal: controller.signal,
          onProgress: () => {
            if (++undone > second) controller.abort(new Error('stopped'))
          },
        }
        await undoSort(into, options).catch((error) => expect(error.message).toBe('stopped'))
        await undoSort(into)
        await undoSort(into)
        expect(fileTree(folder)).toEqual(before)
        expect(existsSync(into)).toBe(false)
      }),
      { numRuns: 12 },
    )
  })

  it('goes on where it was interrupted', async () => {
    for (const name of ['a1.jpg', 'a2.jpg', 'b.jpg', 'c.jpg']) write(name)
    await expect(sort('move', 2)).rejects.toThrow('stopped')
    expect(sorted()).toEqual(['a/a1.jpg', 'a/a2.jpg'])
    expect(await sort('move')).toEqual({ done: 4, failed: [] })
    expect(sorted()).toEqual(['a/a1.jpg', 'a/a2.jpg', 'b/b.jpg', 'c/c.jpg'])
    expect(readdirSync(folder)).toEqual([])
  })

  it('refuses to go on by another call, and after half an undo', async () => {
    write('a.jpg')
    write('b.jpg')
    await expect(sort('copy', 1)).rejects.toThrow('stopped')
    await expect(unfinishedSort(into, call('move'))).rejects.toThrow(`an unfinished sort of ${folder}`)
    await expect(undoSort(into, { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow(
      'stopped',
    )
    await expect(unfinishedSort(into, call('copy'))).rejects.toThrow('an undo that was interrupted')
  })

  it('keeps the file that appears under a planned name, and leaves the picture with its companions', async () => {
    write('a.jpg')
    write('a.xmp')
    write('b.jpg')
    const entries = await entriesOf()
    mkdirSync(join(into, 'a'), { recursive: true })
    writeFileSync(join(into, 'a/a.jpg'), 'of somebody else')
    const { done, failed } = await doSort(into, call('move'), entries)
    expect(done).toBe(1)
    expect(failed.map(({ reason }) => reason)).toEqual([
      'another file has its new name',
      'it goes with a picture that stays',
    ])
    expect(readFileSync(join(into, 'a/a.jpg'), 'utf8')).toBe('of somebody else')
    expect(readdirSync(folder)).toEqual(['a.jpg', 'a.xmp'])
    await undoSort(into)
    expect(readFileSync(join(into, 'a/a.jpg'), 'utf8')).toBe('of somebody else')
    expect(readdirSync(folder)).toEqual(['a.jpg', 'a.xmp', 'b.jpg'])
  })

  it('does not write through a class folder that is a symbolic link', async () => {
    write('a.jpg')
    const elsewhere = join(root, `${count}-elsewhere`)
    mkdirSync(elsewhere)
    mkdirSync(into)
    const entries = await entriesOf()
    symlinkSync(elsewhere, join(into, 'a'))
    await expect(doSort(into, call('copy'), entries)).rejects.toThrow('nothing is written through it')
    expect(readdirSync(elsewhere)).toEqual([])
  })

  it('does not follow a link that has taken the place of a picture', async () => {
    write('a.jpg')
    write('b.jpg')
    const entries = await entriesOf()
    rmSync(join(folder, 'a.jpg'))
    symlinkSync('/etc/hosts', join(folder, 'a.jpg'))
    const { failed } = await doSort(into, call('copy'), entries)
    expect(failed.map(({ reason }) => reason)).toEqual(['it is no longer a file'])
    expect(sorted()).toEqual(['b/b.jpg'])
  })
})

describe('an undo', () => {
  it('keeps a copy that was changed or whose original is gone, and says so', async () => {
    for (const name of ['a.jpg', 'b.jpg', 'c.jpg']) write(name)
    await sort('copy')
    writeFileSync(join(into, 'a/a.jpg'), 'edited')
    rmSync(join(folder, 'b.jpg'))
    const undone = await undoSort(into)
    expect(undone).toMatchObject({ files: 1, earlier: 0 })
    expect(undone!.kept).toEqual([
      { path: 'a/a.jpg', reason: 'it or its original was changed since' },
      { path: 'b/b.jpg', reason: 'its original is gone, so that it is kept' },
    ])
    expect(sorted()).toEqual(['a/a.jpg', 'b/b.jpg'])
    expect(await undoSort(into)).toBeUndefined()
  })

  it('keeps a moved file where another has taken its old name', async () => {
    write('a.jpg', 'old')
    await sort('move')
    write('a.jpg', 'new')
    expect((await undoSort(into))!.kept).toHaveLength(1)
    expect(readFileSync(join(folder, 'a.jpg'), 'utf8')).toBe('new')
    expect(readFileSync(join(into, 'a/a.jpg'), 'utf8')).toBe('old')
  })

  it('brings back a moved file that was edited, and folders that were removed', async () => {
    write('deep/er/a.jpg')
    await sort('move')
    rmSync(join(folder, 'deep'), { recursive: true })
    writeFileSync(join(into, 'a/a.jpg'), 'edited')
    await undoSort(into)
    expect(readFileSync(join(folder, 'deep/er/a.jpg'), 'utf8')).toBe('edited')
  })

  it('takes back one sort after the other, the newest first, and leaves what was there before', async () => {
    mkdirSync(join(into, 'a'), { recursive: true })
    writeFileSync(join(into, 'a/old.jpg'), 'old')
    const before = fileTree(into)
    write('a.jpg')
    await sort('copy')
    const between = fileTree(into)
    write('b.jpg')
    await sort('copy')
    expect(sorted()).toEqual(['a/a (2).jpg', 'a/a.jpg', 'a/old.jpg', 'b/b.jpg'])
    expect(await undoSort(into)).toMatchObject({ files: 2, earlier: 1 })
    expect(fileTree(into)).toEqual(between)
    expect(await undoSort(into)).toMatchObject({ files: 1, earlier: 0 })
    expect(fileTree(into)).toEqual(before)
  })

  it('ignores a journal line that was cut off, whose step was not begun', async () => {
    write('a.jpg')
    write('b.jpg')
    await expect(sort('move', 1)).rejects.toThrow('stopped')
    const journal = join(into, JOURNALS, '1.jsonl')
    writeFileSync(journal, '{"event":"do","ent', { flag: 'a' })
    expect(await sort('move')).toEqual({ done: 2, failed: [] })
    expect(await undoSort(into)).toMatchObject({ files: 2, kept: [] })
    expect(readdirSync(folder)).toEqual(['a.jpg', 'b.jpg'])
  })

  it.each([
    ['no journal', 'text\n'],
    [
      'a path that leads out',
      '{"event":"begin","version":1,"folder":"/","how":"move","call":{},"made":[],"entries":1}\n' +
        '{"path":"../x","bytes":1,"mtimeMs":0,"to":"a/x","group":0}\n',
    ],
  ])('refuses a journal that is damaged: %s', async (_, text) => {
    mkdirSync(join(into, JOURNALS), { recursive: true })
    writeFileSync(join(into, JOURNALS, '1.jsonl'), text)
    await expect(undoSort(into)).rejects.toThrow('damaged, or of another version')
  })
})

const otherDisk = existsSync('/dev/shm') && statSync('/dev/shm').dev !== statSync(tmpdir()).dev
it.skipIf(!otherDisk)('moves to another file system and back, and their times', async () => {
  const far = mkdtempSync('/dev/shm/promptsrc-sort-')
  try {
    into = join(far, 'sorted')
    write('a.jpg', 'x'.repeat(3_000_000))
    utimesSync(join(folder, 'a.jpg'), 1_500_000_000, 1_500_000_000.25)
    const before = fileTree(folder)
    await sort('move')
    expect(readdirSync(folder)).toEqual([])
    await undoSort(into)
    expect(fileTree(folder)).toEqual(before)
    await expect(sort('hardlink')).rejects.toThrow('another file system')
  } finally {
    rmSync(far, { recursive: true })
  }
})
