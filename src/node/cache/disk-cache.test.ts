import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { cacheKey } from './cache-key.js'
import { DiskCache } from './disk-cache.js'

const parent = mkdtempSync(join(tmpdir(), 'promptsrc-cache-'))
let folder: string
let count = 0
beforeEach(() => {
  folder = join(parent, `${count++}`)
})
afterAll(() => rmSync(parent, { recursive: true, force: true }))

const MB = 2 ** 20
const open = (maxBytes = MB) => new DiskCache({ folder, maxBytes })
const key = (name: string | number) => cacheKey(name)
const pathOf = (kind: string, name: string | number) =>
  join(folder, 'cache-v1', kind, key(name).slice(0, 2), key(name).slice(2))
/** 10 blocks with the header. */
const TEN_BLOCKS = 10 * 4096 - 12
const content = (fill: number, length = TEN_BLOCKS) => new Uint8Array(length).fill(fill)
const LIMIT = 100 * 4096

async function keptOf(cache: DiskCache, names: readonly number[]): Promise<number[]> {
  const found = await Promise.all(names.map((name) => cache.get('pixels', key(name))))
  return names.filter((_, i) => found[i])
}

/** Makes an entry look as if it was used so many minutes ago. */
async function age(kind: string, name: string | number, minutes: number): Promise<void> {
  const then = Date.now() / 1000 - 60 * minutes
  await utimes(pathOf(kind, name), then, then)
}

describe('DiskCache', () => {
  it('gives back what was put, in this process and in the next', async () => {
    const cache = open()
    expect(await cache.get('pixels', key('a'))).toBeUndefined()
    await cache.put('pixels', key('a'), content(7))
    expect(await cache.get('pixels', key('a'))).toEqual(content(7))
    expect(await open().get('pixels', key('a'))).toEqual(content(7))
    expect(await open().get('text-features', key('a'))).toBeUndefined()
  })

  it('keeps empty entries', async () => {
    await open().put('pixels', key('a'), new Uint8Array(0))
    expect(await open().get('pixels', key('a'))).toEqual(new Uint8Array(0))
  })

  it.each<[string, (path: string) => Promise<void>]>([
    ['cut short', (path) => truncate(path, 5000)],
    ['cut to nothing', (path) => truncate(path, 0)],
    ['changed by one bit', (path) => changeBit(path, 3000)],
    ['changed in its header', (path) => changeBit(path, 5)],
    ['full of zeros after a crash', async (path) => writeFile(path, new Uint8Array(TEN_BLOCKS + 12))],
    ['of another key', async (path) => writeFile(path, await readFile(pathOf('pixels', 'other')))],
  ])('drops an entry that is %s', async (_, damage) => {
    const cache = open()
    await cache.put('pixels', key('other'), content(1))
    await cache.put('pixels', key('a'), content(2))
    await damage(pathOf('pixels', 'a'))
    expect(await cache.get('pixels', key('a'))).toBeUndefined()
    await expect(stat(pathOf('pixels', 'a'))).rejects.toThrow('ENOENT')
    await cache.put('pixels', key('a'), content(2))
    expect(await cache.get('pixels', key('a'))).toEqual(content(2))
  })

  it('evicts what was used least recently, and stays within its size', async () => {
    const cache = open(LIMIT)
    const names = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    for (const name of names) await cache.put('pixels', key(name), content(name))
    for (const name of names) await age('pixels', name, 100 - name)
    // Reading counts as use.
    await cache.get('pixels', key(0))
    await cache.put('pixels', key(10), content(10))
    expect(await keptOf(cache, [...names, 10])).toEqual([0, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    for (let name = 11; name < 40; name++) {
      await cache.put('pixels', key(name), content(name))
      const bytes = (await cache.usage()).reduce((sum, kind) => sum + kind.bytes, 0)
      expect(bytes).toBeLessThanOrEqual(LIMIT)
    }
  })

  it('gives up pixels before features, whatever was used last', async () => {
    const cache = open(LIMIT)
    await cache.put('image-features', key('old'), content(1))
    await age('image-features', 'old', 1000)
    for (let name = 0; name < 12; name++) await cache.put('pixels', key(name), content(name))
    expect(await cache.get('image-features', key('old'))).toEqual(content(1))
  })

  it('does not keep an entry that would take a large part of the cache', async () => {
    const cache = open(LIMIT)
    await cache.put('pixels', key('a'), content(1, 30 * 4096))
    expect(await cache.get('pixels', key('a'))).toBeUndefined()
  })

  it('counts anew where its count was lost', async () => {
    const first = open(LIMIT)
    for (let name = 0; name < 9; name++) await first.put('pixels', key(name), content(name))
    await rm(join(folder, 'cache-v1/blocks'))
    const second = open(LIMIT)
    for (let name = 9; name < 12; name++) await second.put('pixels', key(name), content(name))
    const bytes = (await second.usage()).reduce((sum, kind) => sum + kind.bytes, 0)
    expect(bytes).toBeLessThanOrEqual(LIMIT)
  })

  it('removes files that a killed process left unfinished, once they are old', async () => {
    const cache = open(LIMIT)
    await cache.put('pixels', key('a'), content(1))
    const left = ['young', 'old'].map((name) => `${pathOf('pixels', 'a')}.${name}.tmp`)
    for (const path of left) await writeFile(path, content(1))
    const then = Date.now() / 1000 - 3600
    await utimes(left[1]!, then, then)
    for (let name = 0; name < 10; name++) await cache.put('pixels', key(name), content(name))
    expect(await stat(left[0]!)).toBeDefined()
    await expect(stat(left[1]!)).rejects.toThrow('ENOENT')
  })

  it.each([
    ['on another machine', JSON.stringify({ owner: 'x', pid: 1, machine: 'elsewhere' }), 600],
    ['before it had put its name there', '', 10],
  ])('takes over eviction from a process that died %s', async (_where, left, seconds) => {
    const cache = open(LIMIT)
    for (let name = 0; name < 10; name++) await cache.put('pixels', key(name), content(name))
    const lock = join(folder, 'cache-v1/evicting.lock')
    await writeFile(lock, left)
    await cache.put('pixels', key('while locked'), content(1))
    expect(await cache.get('pixels', key('while locked'))).toBeUndefined()
    const then = Date.now() / 1000 - seconds
    await utimes(lock, then, then)
    await cache.put('pixels', key('later'), content(1))
    expect(await cache.get('pixels', key('later'))).toEqual(content(1))
  })

  it('goes on after another process has cleared it', async () => {
    const cache = open()
    await cache.put('pixels', key('a'), content(1))
    await open().clear()
    expect(await cache.get('pixels', key('a'))).toBeUndefined()
    await cache.put('pixels', key('b'), content(2))
    expect(await cache.get('pixels', key('b'))).toEqual(content(2))
    expect((await cache.usage()).map(({ entries }) => entries)).toEqual([1, 0, 0, 0, 0])
  })

  it('clears nothing but its own folders', async () => {
    await open().put('pixels', key('a'), content(1))
    await writeFile(join(folder, 'notes.txt'), 'mine')
    await mkdir(join(folder, 'cache-v0'))
    await open().clear()
    expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('mine')
    await expect(stat(join(folder, 'cache-v0'))).rejects.toThrow('ENOENT')
    await open().clear()
  })

  it('is no cache, with one warning, where nothing can be written', async () => {
    await writeFile(folder, 'a file where the folder should be')
    const warnings: string[] = []
    const cache = new DiskCache({ folder, maxBytes: MB, onWarning: (message) => warnings.push(message) })
    for (const name of ['a', 'b', 'c']) {
      await cache.put('pixels', key(name), content(1))
      expect(await cache.get('pixels', key(name))).toBeUndefined()
    }
    expect(warnings).toEqual([
      `nothing more is cached: cannot write ${folder}: a part of the path is a file, not a folder`,
    ])
  })
})

async function changeBit(path: string, at: number): Promise<void> {
  const bytes = await readFile(path)
  bytes[at]! ^= 16
  await writeFile(path, bytes)
}
