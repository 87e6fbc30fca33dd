import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { promptsrc, promptsrcProcess } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-cached-'))
const run = (...args: string[]) => promptsrc(folder, ...args)
const evaluate = (...options: string[]) =>
  run('eval', 'run', 'photos', '--threads', '1', '--json', ...options)

/** Entries by kind. */
async function entries(): Promise<Record<string, number>> {
  const { kinds } = JSON.parse((await run('cache', '--json')).stdout)
  return Object.fromEntries(
    kinds.map(({ kind, entries }: { kind: string; entries: number }) => [kind, entries]),
  )
}
const nothing = { pixels: 0, weights: 0, 'image-features': 0, 'text-features': 0, 'file-hashes': 0 }

beforeAll(async () => {
  await photoFolder(join(folder, 'photos'))
  const options = [
    '--model',
    'tiny',
    '--method',
    'coop',
    '--shots',
    '2',
    '--epochs',
    '1',
    '--threads',
    '1',
    '--out',
    'run',
  ]
  expect(await run('train', 'photos', ...options)).toMatchObject({ code: 0 })
})

beforeEach(() => {
  vi.stubEnv('PROMPTSRC_CACHE', join(folder, 'cache'))
})

afterAll(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

describe('the cache', () => {
  it('keeps what eval makes of images, changes no figure, and can be cleared', async () => {
    expect(await entries()).toEqual(nothing)
    const plain = await evaluate('--no-cache')
    expect(plain).toMatchObject({ code: 0, stderr: '' })
    expect(await entries()).toEqual(nothing)
    expect(await evaluate()).toEqual(plain)
    expect(await entries()).toMatchObject({ pixels: 12, 'image-features': 12 })
    expect(await evaluate()).toEqual(plain)

    const shown = await promptsrcProcess(folder, 'cache')
    expect(shown.stdout).toMatch(
      /^folder +\S+\/cache\/promptsrc\nsize +[\d.]+ KB, at most 4\.0 GB\n\nkind +entries +size\n/,
    )
    const cleared = await run('cache', 'clear')
    expect(cleared.stdout).toMatch(/^removed [\d.]+ KB from \S+\/cache\/promptsrc\n$/)
    expect(await entries()).toEqual(nothing)
  })

  it('is off where PROMPTSRC_CACHE says so', async () => {
    vi.stubEnv('PROMPTSRC_CACHE', 'off')
    vi.stubEnv('XDG_CACHE_HOME', join(folder, 'user-cache'))
    expect(await evaluate()).toMatchObject({ code: 0, stderr: '' })
    const { stdout } = await run('cache')
    expect(stdout).toMatch(/^folder .*user-cache\/promptsrc\nsize +0 B, off: nothing is cached\n/)
    vi.stubEnv('PROMPTSRC_CACHE', join(folder, 'user-cache'))
    expect(await entries()).toEqual(nothing)
  })

  it('costs one warning where its folder cannot be written', async () => {
    const file = join(folder, 'a-file')
    writeFileSync(file, '')
    vi.stubEnv('PROMPTSRC_CACHE', file)
    const { code, stdout, stderr } = await evaluate()
    expect(code).toBe(0)
    expect(JSON.parse(stdout).count).toBe(12)
    expect(stderr).toMatch(/^warning: nothing more is cached: cannot write \S+: .*\n$/)
  })

  it.each([
    [['cache', 'clean'], {}, 'error: cache clean: unknown action\n'],
    [['cache'], { PROMPTSRC_CACHE_GB: 'much' }, 'error: PROMPTSRC_CACHE_GB is "much", expected a number'],
  ])('refuses %j with %j', async (args, environment, message) => {
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
    const { code, stdout, stderr } = await run(...args)
    vi.unstubAllEnvs()
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})
