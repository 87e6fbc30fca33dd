import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { TrainingError } from '../errors.js'
import { lockFolder } from './run-lock.js'

let folder: string
let path: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-lock-'))
  path = join(folder, 'lock')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('holds the process id while it is held, and leaves nothing behind', async () => {
  const unlock = await lockFolder(folder)
  expect(await readFile(path, 'utf8')).toBe(`${process.pid}\n`)
  await unlock()
  expect(await readdir(folder)).toEqual([])
})

it('is refused while another process holds it, which is named with what to do', async () => {
  const other: ChildProcess = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await writeFile(path, `${other.pid}\n`)
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
  ['of a dead process', () => `${spawnSync(process.execPath, ['-e', '']).pid}\n`],
  ['of an earlier process with the same id', () => `${process.pid}\n`],
  ['of nobody', () => ''],
  ['of noise', () => 'x'],
])('takes over the lock %s', async (_, content) => {
  await writeFile(path, content())
  const unlock = await lockFolder(folder)
  expect(await readFile(path, 'utf8')).toBe(`${process.pid}\n`)
  expect(await readdir(folder)).toEqual(['lock'])
  await unlock()
})

it('does not remove a lock that has become another’s', async () => {
  const unlock = await lockFolder(folder)
  await writeFile(path, '1\n')
  await unlock()
  expect(await readFile(path, 'utf8')).toBe('1\n')
})
