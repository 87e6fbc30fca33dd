import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cacheFiles } from '../src/node/cache/cache-files.js'
import { cacheKey } from '../src/node/cache/cache-key.js'
import { DiskCache } from '../src/node/cache/disk-cache.js'

const script = fileURLToPath(new URL('./support/cache-hammer.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'promptsrc-hammer-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** About 60 of 400 entries. */
const MAX_BYTES = 2 * 2 ** 20
const LARGEST_ENTRY = 68 * 1024
const SEEDS = [1, 2, 3, 4, 5]
const KILLED = 2

function hammer(seed: number, rounds: number) {
  const child = spawn(process.execPath, [script, folder, `${MAX_BYTES}`, `${seed}`, `${rounds}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  const going = once(child.stdout, 'data')
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout }))
  return { child, going, ended }
}

describe('a cache shared by processes of which some are killed', () => {
  let reports: { wrong: number; hits: number; warnings: string[] }[]

  beforeAll(async () => {
    const running = SEEDS.map((seed, i) => hammer(seed, i < KILLED ? 1_000_000 : 80))
    await Promise.all(running.map(({ going }) => going))
    for (const { child } of running.slice(0, KILLED)) child.kill('SIGKILL')
    const ended = await Promise.all(running.map(({ ended }) => ended))
    expect(ended.slice(0, KILLED).map(({ code }) => code)).toEqual([null, null])
    reports = ended.slice(KILLED).map(({ stdout }) => JSON.parse(stdout.trimEnd().split('\n').at(-1)!))
  })

  it('gives every process what belongs to the key, or nothing', () => {
    for (const report of reports) {
      expect(report).toMatchObject({ wrong: 0, warnings: [] })
      expect(report.hits).toBeGreaterThan(0)
    }
  })

  it('is no larger than allowed, but for one entry a process', async () => {
    const files = await cacheFiles(join(folder, 'cache-v1'))
    const blocks = files.reduce((sum, file) => sum + file.blocks, 0)
    expect(blocks).toBeGreaterThan(0)
    expect(blocks * 4096).toBeLessThanOrEqual(MAX_BYTES + SEEDS.length * LARGEST_ENTRY)
  })

  it('goes on being a cache', async () => {
    const cache = new DiskCache({ folder, maxBytes: MAX_BYTES })
    const key = cacheKey('afterwards')
    // An entry is given up rather than waited for, as where a process that was killed has left its lock and the machine is busy.
    const kept = async () => {
      await cache.put('pixels', key, Uint8Array.of(1, 2, 3))
      return cache.get('pixels', key)
    }
    await expect.poll(kept, { timeout: 10_000 }).toEqual(Uint8Array.of(1, 2, 3))
  })
})
