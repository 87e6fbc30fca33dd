import { appendFileSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { KeptAnswers } from './kept-answers.js'

let cache: string
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'promptsrc-answers-'))
  vi.stubEnv('PROMPTSRC_CACHE', cache)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(cache, { recursive: true })
})

const photo = { path: 'a.jpg', bytes: 1, mtimeMs: 2, ctimeMs: 3, companions: [] }
const answer = { classes: [{ className: 'red\nfox', probability: 0.75 }], score: 0.1 + 0.2 }
const files = () =>
  readdirSync(join(cache, 'promptsrc/answers')).map((name) => join(cache, 'promptsrc/answers', name))

async function put(basis: Record<string, unknown> = {}): Promise<void> {
  const kept = await KeptAnswers.open('/photos', basis)
  await kept.put(photo, answer)
  await kept.close()
}

async function get(found = photo, folder = '/photos', basis: Record<string, unknown> = {}) {
  const kept = await KeptAnswers.open(folder, basis)
  await kept.close()
  return kept.get(found)
}

it('gives an answer back for the same picture, folder and basis, and for no other', async () => {
  await put()
  expect(await get()).toEqual(answer)
  for (const change of [{ path: 'b.jpg' }, { bytes: 2 }, { mtimeMs: 3 }, { ctimeMs: 4 }]) {
    expect(await get({ ...photo, ...change })).toBeUndefined()
  }
  expect(await get(photo, '/other')).toBeUndefined()
  expect(await get(photo, '/photos', { prompts: 'other' })).toBeUndefined()
})

it('leaves out a line that was cut off, and goes on behind it', async () => {
  await put()
  appendFileSync(files()[0]!, '["1 2 3 b.jpg",{"classes":[{"classNa')
  const kept = await KeptAnswers.open('/photos', {})
  await kept.put({ ...photo, path: 'c.jpg' }, answer)
  await kept.close()
  expect(await get()).toEqual(answer)
  expect(await get({ ...photo, path: 'c.jpg' })).toEqual(answer)
})

it('drops what was not asked for in a month', async () => {
  await put({ old: true })
  utimesSync(files()[0]!, 1, 1)
  await put()
  expect(files()).toHaveLength(1)
})

it('keeps nothing where nothing is cached, and needs no disk', async () => {
  vi.stubEnv('PROMPTSRC_CACHE', 'off')
  await put()
  expect(readdirSync(cache)).toEqual([])
  vi.stubEnv('PROMPTSRC_CACHE', '/dev/null')
  await put()
  expect(await get()).toBeUndefined()
})
