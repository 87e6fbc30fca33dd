import { mkdtempSync, rmSync } from 'node:fs'
import { copyFile, rename, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { sha256 } from './cache-key.js'
import { DiskCache } from './disk-cache.js'
import { hashCache } from './hash-cache.js'

const parent = mkdtempSync(join(tmpdir(), 'promptsrc-hashes-'))
afterAll(() => rmSync(parent, { recursive: true, force: true }))

let count = 0
let path: string
let disk: DiskCache
beforeEach(async () => {
  const folder = join(parent, `${count++}`)
  disk = new DiskCache({ folder, maxBytes: 1e6 })
  path = `${folder}.bin`
  await writeFile(path, 'weights')
})

const HASH = sha256(Buffer.from('weights'))
/** Hashes the file as a process does that starts a minute later; says whether it was read. */
async function later(file = path, seconds = 60): Promise<string> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1000 * seconds })
  try {
    let read = 'remembered'
    const hash = await hashCache(disk).hash(file, async () => {
      read = 'read'
      return HASH
    })
    expect(hash).toBe(HASH)
    return read
  } finally {
    vi.useRealTimers()
  }
}

describe('hashCache', () => {
  it('reads a file once', async () => {
    expect(await later()).toBe('read')
    expect(await later()).toBe('remembered')
  })

  it('does not remember a file that has just been written', async () => {
    expect(await later(path, 0)).toBe('read')
    expect(await later(path, 0)).toBe('read')
  })

  it.each<[string, () => Promise<void>]>([
    ['was written to', () => writeFile(path, 'other')],
    [
      'was written to with its time set back',
      async () => {
        const then = new Date('2020-01-01')
        await utimes(path, then, then)
        await later()
        await delay(20)
        await writeFile(path, 'weighty')
        await utimes(path, then, then)
      },
    ],
    [
      'was replaced',
      async () => {
        await copyFile(path, `${path}.new`)
        await rename(`${path}.new`, path)
      },
    ],
  ])('reads a file again that %s', async (_, change) => {
    await later()
    await delay(20)
    await change()
    expect(await later()).toBe('read')
  })

  it('reads another file of the same content', async () => {
    await later()
    await copyFile(path, `${path}.copy`)
    expect(await later(`${path}.copy`)).toBe('read')
  })

  it('passes on why a file cannot be read', async () => {
    const compute = () => Promise.reject(new Error('not reached'))
    await expect(hashCache(disk).hash(`${path}.missing`, compute)).rejects.toThrow('ENOENT')
  })
})
