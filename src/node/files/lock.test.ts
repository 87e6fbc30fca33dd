import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { beforeEach, expect, it } from 'vitest'
import { withFileLock } from './lock.js'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'))
  path = join(folder, 'x.lock')
})

/** A lock file whose process has died. */
let dead = ''

it('lets one in at a time and leaves no file behind', async () => {
  let inside = 0
  let most = 0
  const work = async () => {
    inside++
    most = Math.max(most, inside)
    await delay(10)
    inside--
  }
  await Promise.all(Array.from({ length: 5 }, () => withFileLock(path, work, { pollMs: 2 })))
  expect(most).toBe(1)
  expect(await readdir(folder)).toEqual([])
})

it('of a dead process is taken over by one at a time', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  await withFileLock(path, async () => {
    dead = JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), pid })
  })
  for (let round = 0; round < 10; round++) {
    await writeFile(path, dead)
    let inside = 0
    const work = async () => {
      expect(++inside).toBe(1)
      await delay(1)
      inside--
    }
    await Promise.all(Array.from({ length: 5 }, () => withFileLock(path, work, { pollMs: 1 })))
    expect(await readdir(folder)).toEqual([])
  }
})

it('is free again after a crash in the middle of taking over', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  await withFileLock(path, async () => {
    dead = JSON.stringify({ ...JSON.parse(await readFile(path, 'utf8')), pid })
  })
  await writeFile(path, dead)
  await writeFile(`${path}.takeover`, dead)
  expect(await withFileLock(path, async () => 'in', { pollMs: 1 })).toBe('in')
  expect(await readdir(folder)).toEqual([])
})

it('is free again after work that failed', async () => {
  const failure = withFileLock(path, () => Promise.reject(new Error('no')))
  await expect(failure).rejects.toThrow('no')
  expect(await readdir(folder)).toEqual([])
})

it('is taken over at once from a process of this machine that has died', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', ''])
  await withFileLock(path, async () => {
    const dead = { ...JSON.parse(await readFile(path, 'utf8')), pid }
    await writeFile(path, JSON.stringify(dead))
  })
  expect(await readdir(folder)).toEqual(['x.lock'])
  const started = performance.now()
  expect(await withFileLock(path, async () => 'in')).toBe('in')
  expect(performance.now() - started).toBeLessThan(5_000)
})

it('is taken over when its owner on another machine has not touched it for long', async () => {
  await writeFile(path, JSON.stringify({ owner: 'x', pid: 1, machine: 'elsewhere' }))
  const started = performance.now()
  await withFileLock(path, async () => {}, { staleMs: 200, pollMs: 10 })
  expect(performance.now() - started).toBeGreaterThanOrEqual(190)
})

it('is not taken from an owner that keeps touching it', async () => {
  const order: string[] = []
  const first = withFileLock(path, () => delay(500).then(() => order.push('first')), { staleMs: 200 })
  await delay(50)
  await withFileLock(path, async () => order.push('second'), { staleMs: 200, pollMs: 10 })
  await first
  expect(order).toEqual(['first', 'second'])
})

it('stops waiting on request', async () => {
  await withFileLock(path, async () => {
    const waiting = withFileLock(path, async () => {}, { signal: AbortSignal.timeout(50), pollMs: 10 })
    await expect(waiting).rejects.toThrow(/timeout/)
  })
  expect(await readdir(folder)).toEqual([])
})

it('names the path when it cannot be created', async () => {
  const nowhere = join(folder, 'missing', 'x.lock')
  await expect(withFileLock(nowhere, async () => {})).rejects.toThrow(`cannot write ${nowhere}`)
})
