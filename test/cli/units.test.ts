import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { expectRefused, promptsrc, promptsrcProcess, startPromptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'
import { writeSweep } from '../support/sweep.js'

vi.setConfig({ testTimeout: 120_000 })

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-units-'))
const at = (...parts: string[]) => join(folder, ...parts)

beforeAll(async () => {
  await photoFolder(at('photos'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sweep = async (name: string, seeds: readonly number[], epochs?: number) => {
  const options = { photos: at('photos'), seeds, ...(epochs === undefined ? {} : { epochs }) }
  const { trainings, evaluations } = await writeSweep(at(name), options)
  return [...evaluations, ...trainings]
}

const stepsOf = (unit: string) =>
  readFileSync(join(unit, 'log.jsonl'), 'utf8').match(/"event":"step"/g)!.length

/** The process that trains a unit, as soon as it has a checkpoint. */
async function trainerOf(unit: string): Promise<number> {
  while (!existsSync(join(unit, 'checkpoints/epoch-001.safetensors'))) await delay(5)
  return JSON.parse(readFileSync(join(unit, 'lock'), 'utf8')).pid
}

it('two calls at once on the same runs do each of them once, and both end well', async () => {
  const units = await sweep('twice', [1])
  const [first, second] = await Promise.all([
    promptsrcProcess(folder, 'units', ...units),
    promptsrcProcess(folder, 'units', ...units),
  ])
  for (const { code, stdout } of [first, second]) {
    expect({ code, stdout }).toEqual({ code: 0, stdout: '3 of 3 runs are done\n' })
  }
  expect(stepsOf(at('twice/train-1'))).toBe(2 * 6)
})

it('takes a folder above the runs, and says where there are none', async () => {
  await sweep('above', [1])
  const { code, stdout } = await promptsrc(folder, 'units', 'above')
  expect({ code, stdout }).toEqual({ code: 0, stdout: '3 of 3 runs are done\n' })
  expectRefused(await promptsrc(folder, 'units', 'photos'), 'photos', 'unit.json')
})

it('waits for a run that another process does, and finds its result', async () => {
  await sweep('waiting', [1], 6)
  const unit = at('waiting/train-1')
  const first = startPromptsrc(folder, ['unit', unit])
  process.kill(await trainerOf(unit), 'SIGSTOP')
  const second = startPromptsrc(folder, ['unit', unit])
  await vi.waitFor(
    () => expect(second.stderr()).toContain(`waiting for process ${first.process.pid}`),
    20_000,
  )
  first.process.kill('SIGCONT')
  expect(await first.ended).toMatchObject({ code: 0 })
  expect(await second.ended).toMatchObject({ code: 0, stdout: `${unit} is finished\n` })
})

it.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('on %s ends its processes and code %i, and goes on by the same call', async (signal, code) => {
  const units = await sweep(signal, [1], 6)
  const unit = at(signal, 'train-1')
  const running = startPromptsrc(folder, ['units', ...units, '--jobs', '2'])
  const trainer = await trainerOf(unit)
  running.process.kill(signal)
  const { stderr, ...ended } = await running.ended
  expect(ended).toMatchObject({ code, stdout: '' })
  expect(stderr).toContain('Interrupted. The same call goes on; finished runs are not repeated.')
  expect(() => process.kill(trainer, 0)).toThrow()
  expect(existsSync(join(unit, 'failure.json'))).toBe(false)
  expect(await promptsrc(folder, 'units', ...units)).toMatchObject({ stdout: '3 of 3 runs are done\n' })
  expect(stepsOf(unit)).toBe(6 * 6)
})
