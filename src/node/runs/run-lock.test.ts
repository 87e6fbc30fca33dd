import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TrainingError } from '../../core/errors.js'
import { lockFolder } from './run-directory.js'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-lock-'))
  path = join(folder, 'lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What a lock file says that another process wrote. */
const lockOf = (pid: number | undefined, machine: string, job = {}) =>
  JSON.stringify({ owner: 'x', pid, machine, ...job })

/** This machine, as lock files name it. */
async function ownMachine(): Promise<string> {
  const unlock = await lockFolder(folder)
  const { machine } = JSON.parse(await readFile(path, 'utf8'))
  await unlock()
  return machine
}

it('holds the process id while it is held, and leaves nothing behind', async () => {
  const unlock = await lockFolder(folder)
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid })
  await unlock()
  expect(await readdir(folder)).toEqual([])
})

it('is refused while another process holds it, which is named with what to do', async () => {
  const other: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await writeFile(path, lockOf(other.pid, await ownMachine()))
  const error = await lockFolder(folder).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(TrainingError)
  expect(String(error)).toContain(`${folder} is in use by another training process (process id ${other.pid})`)
  expect((error as TrainingError).hint).toContain(`remove ${path}`)
  other.kill('SIGKILL')
  await once(other, 'exit')
  await (await lockFolder(folder))()
})

it('is refused a second time in the same process, by whatever path', async () => {
  const unlock = await lockFolder(folder)
  await expect(lockFolder(relative(process.cwd(), folder))).rejects.toBeInstanceOf(TrainingError)
  await unlock()
  await (await lockFolder(folder))()
})

it.each([
  ['of a dead process', (machine: string) => lockOf(spawnSync(process.execPath, ['-e', '']).pid, machine)],
  ['of an earlier process with the same id', (machine: string) => lockOf(process.pid, machine)],
  ['of nobody', () => ''],
  ['of noise', () => 'x'],
  ['of an earlier version', () => `${process.ppid}\n`],
])('takes over the lock %s', async (_, content) => {
  await writeFile(path, content(await ownMachine()))
  const unlock = await lockFolder(folder)
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ pid: process.pid })
  expect(await readdir(folder)).toEqual(['lock'])
  await unlock()
})

describe('the lock of another machine', () => {
  afterEach(() => vi.unstubAllEnvs())

  it('is refused while it is touched, with that machine’s name', async () => {
    await writeFile(path, lockOf(1, 'node7 pid:[1]'))
    const touching = setInterval(() => {
      const now = new Date()
      void utimes(path, now, now)
    }, 20)
    const error = await lockFolder(folder, { staleMs: 20_000, pollMs: 5 }).catch((e: unknown) => e)
    clearInterval(touching)
    expect(String(error)).toContain('(process id 1 on node7)')
  })

  it('is taken over when it is touched no more', async () => {
    await writeFile(path, lockOf(process.pid, 'node7 pid:[1]'))
    await (await lockFolder(folder, { staleMs: 50, pollMs: 5 }))()
    expect(await readdir(folder)).toEqual([])
  })

  it('is taken over at once where Slurm has started the same job again', async () => {
    vi.stubEnv('SLURM_JOB_ID', '12')
    vi.stubEnv('SLURM_RESTART_COUNT', '1')
    await writeFile(path, lockOf(1, 'node7 pid:[1]', { job: '12', restart: '0' }))
    const unlock = await lockFolder(folder, { staleMs: 1e9 })
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ job: '12', restart: '1' })
    await unlock()
  })
})

it('does not remove a lock that has become another’s', async () => {
  const unlock = await lockFolder(folder)
  await writeFile(path, '1\n')
  await unlock()
  expect(await readFile(path, 'utf8')).toBe('1\n')
})
