import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { randomStream } from '../../src/core/random.js'
import { promptsrc, type Running, startPromptsrc } from '../support/command.js'
import { photoFolder } from '../support/photo-folder.js'

/** Several trainings a test; a busy machine needs its time. */
vi.setConfig({ testTimeout: 180_000 })

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-resume-'))
const at = (...parts: string[]) => join(folder, ...parts)
const epochs = 4
const threads = ['--threads', '1']
/** Single images, so that an epoch has many moments to be killed at. */
const options = [
  'photos',
  '--model',
  'tiny',
  '--shots',
  '3',
  '--batch-size',
  '1',
  '--epochs',
  `${epochs}`,
  ...threads,
]
const train = (...more: string[]) => promptsrc(folder, 'train', ...options, ...more)
const startTraining = (...more: string[]) => startPromptsrc(folder, ['train', ...options, ...more])
const promptsOf = (run: string) => readFileSync(at(run, 'prompts.safetensors'))
const checkpointsOf = (run: string) =>
  existsSync(at(run, 'checkpoints'))
    ? readdirSync(at(run, 'checkpoints')).filter((name) => name.startsWith('epoch'))
    : []

/** Waits until something holds while the command runs; throws when the command ends before. */
async function until(running: Running, holds: () => boolean): Promise<void> {
  while (!holds()) {
    if (running.process.exitCode !== null) throw new Error(`ended too early: ${running.stderr()}`)
    await delay(3)
  }
}

const hasBegun = (running: Running) => () => running.stderr().includes('learned values')

async function kill(running: Running, signal: NodeJS.Signals = 'SIGKILL') {
  running.process.kill(signal)
  return running.ended
}

/** Events with their epochs, without times. */
const logOf = (run: string) =>
  readFileSync(at(run, 'log.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { time: _time, ...entry } = JSON.parse(line)
      return entry
    })

beforeAll(async () => {
  await photoFolder(at('photos'))
  expect(await train('--out', 'whole')).toMatchObject({ code: 0 })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a run killed and resumed', () => {
  it('ends in the same bytes as one that was left alone', async () => {
    const random = randomStream(7, 'kill moments')
    const moments: ((running: Running) => Promise<void>)[] = [
      (running) => until(running, hasBegun(running)),
      (running) => until(running, () => checkpointsOf('killed').length >= 2),
      ...Array.from({ length: 3 }, () => async (running: Running) => {
        await until(running, hasBegun(running))
        await delay(Math.floor(random.uniform() * 150))
      }),
    ]
    for (const moment of moments) {
      const running = startTraining('--out', 'killed', '--resume')
      await moment(running)
      expect(await kill(running)).toMatchObject({ signal: 'SIGKILL' })
      expect(existsSync(at('killed/prompts.safetensors'))).toBe(false)
    }
    expect(await promptsrc(folder, 'train', '--resume', '--out', 'killed', ...threads)).toMatchObject({
      code: 0,
    })
    expect(promptsOf('killed').equals(promptsOf('whole'))).toBe(true)
    expect(logOf('killed')).toEqual(logOf('whole'))
    expect(existsSync(at('killed/lock'))).toBe(false)
    expect(readdirSync(at('killed', 'checkpoints')).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('goes back to an older checkpoint when the newest is damaged, and reads past a torn log', async () => {
    const last = `checkpoints/epoch-00${epochs}.safetensors`
    for (const [run, damage] of [
      ['cut', (path: string) => truncateSync(path, 1000)],
      ['flipped', (path: string) => flipByte(path)],
    ] as const) {
      cpSync(at('whole'), at(run), { recursive: true })
      rmSync(at(run, 'prompts.safetensors'))
      damage(at(run, last))
      appendFileSync(at(run, 'log.jsonl'), 'garbage\n{"event":"step","epoch":')
      const { code, stderr } = await train('--resume', '--out', run)
      expect(code).toBe(0)
      expect(stderr).toContain(`epoch-00${epochs}.safetensors`)
      expect(stderr).toContain('going back to the checkpoint before')
      expect(stderr).toContain(`${epochs - 1} done`)
      expect(promptsOf(run).equals(promptsOf('whole'))).toBe(true)
      expect(logOf(run)).toEqual(logOf('whole'))
    }
  })

  it('says on Ctrl-C how to continue, ends with code 130, and continues', async () => {
    const running = startTraining('--out', 'interrupted')
    await until(running, () => checkpointsOf('interrupted').length >= 1)
    const { code, stderr } = await kill(running, 'SIGINT')
    expect(code).toBe(130)
    expect(stderr).toContain('Interrupted. Continue with: promptsrc train --resume --out interrupted\n')
    expect(existsSync(at('interrupted/lock'))).toBe(false)
    expect(await promptsrc(folder, 'train', '--resume', '--out', 'interrupted', ...threads)).toMatchObject({
      code: 0,
    })
    expect(promptsOf('interrupted').equals(promptsOf('whole'))).toBe(true)
  })
})

describe('a run directory in use', () => {
  it('refuses a second process, takes over the lock of a dead one', async () => {
    const first = startTraining('--out', 'busy')
    await until(first, () => checkpointsOf('busy').length >= 1)
    first.process.kill('SIGSTOP')
    const { code, stderr } = await train('--out', 'busy', '--resume')
    expect(code).toBe(2)
    expect(stderr).toContain(`busy is in use by another training process (process id ${first.process.pid})`)
    await kill(first)
    expect(JSON.parse(readFileSync(at('busy/lock'), 'utf8')).pid).toBe(first.process.pid)
    expect(await train('--out', 'busy', '--resume')).toMatchObject({ code: 0 })
    expect(promptsOf('busy').equals(promptsOf('whole'))).toBe(true)
  })
})

describe('a run directory that is removed', () => {
  it('while the run is evaluated is said to be gone, and is not made again', async () => {
    const little = ['emoji-food', '--shots', '1', '--epochs', '1', ...threads]
    const running = startPromptsrc(folder, ['train', ...little, '--out', 'removed'])
    await until(running, () => existsSync(at('removed/prompts.safetensors')))
    rmSync(at('removed'), { recursive: true })
    const { code, stderr } = await running.ended
    expect(code).toBe(2)
    expect(stderr).toMatch(/^error: (removed holds no run any more|no run at removed)/m)
    expect(existsSync(at('removed'))).toBe(false)
  })
})

describe('an existing run', () => {
  it.each([
    [['--shots', '2'], 'settings.shots 3, not 2'],
    [['--seed', '5'], 'settings.seed 1, not 5'],
    [['--set', 'textLossWeight=3'], 'settings.methodOptions.textLossWeight 25, not 3'],
  ])('refuses to resume with %j, naming the setting', async (more, message) => {
    const before = snapshot('whole')
    const { code, stderr } = await train('--resume', '--out', 'whole', ...more)
    expect(code).toBe(2)
    expect(stderr).toContain(`error: whole was begun with ${message}\n`)
    expect(snapshot('whole')).toEqual(before)
  })

  it('refuses to resume on other classes', async () => {
    await photoFolder(at('others/photos'))
    rmSync(at('others/photos/train/red_square'), { recursive: true })
    rmSync(at('others/photos/test/red_square'), { recursive: true })
    const { code, stderr } = await promptsrc(folder, 'train', 'others/photos', '--resume', '--out', 'whole')
    expect(code).toBe(2)
    expect(stderr).toContain('whole was begun with data.')
  })

  it('is left alone without --resume or --overwrite', async () => {
    const before = snapshot('whole')
    const { code, stderr } = await train('--out', 'whole')
    expect(code).toBe(2)
    expect(stderr).toMatch(/whole already holds a run\n.*--resume.*--overwrite.*--out/)
    expect(snapshot('whole')).toEqual(before)
  })

  it('stays as it is when the run that should replace it fails', async () => {
    const before = snapshot('whole')
    await photoFolder(at('damaged'), 1)
    writeFileSync(at('damaged/train/red_square/0.png'), 'no image')
    const { code } = await promptsrc(folder, 'train', 'damaged', '--overwrite', '--out', 'whole')
    expect(code).toBe(2)
    expect(snapshot('whole')).toEqual(before)
  })

  it('is not taken for one where only somebody else’s files are', async () => {
    cpSync(at('whole/checkpoints'), at('theirs/checkpoints'), { recursive: true })
    const { code, stderr } = await train('--out', 'theirs')
    expect(code).toBe(2)
    expect(stderr).toContain('theirs holds checkpoints, but no config.yaml')
    expect(checkpointsOf('theirs')).toHaveLength(epochs)
  })

  it.each(['', 'model: ['])('with a damaged configuration (%j) is refused', async (text) => {
    cpSync(at('whole'), at('unreadable'), { recursive: true })
    writeFileSync(at('unreadable/config.yaml'), text)
    const { code, stderr } = await promptsrc(folder, 'train', '--resume', '--out', 'unreadable')
    expect(code).toBe(2)
    expect(stderr).toContain('unreadable/config.yaml')
    expect(stderr).not.toMatch(/\n {4}at /)
  })
})

describe('the seed', () => {
  it('decides every byte of the prompts', async () => {
    const small = ['train', 'photos', '--model', 'tiny', '--shots', '1', '--epochs', '2', ...threads]
    for (const [seed, out] of [
      ['3', 'a'],
      ['3', 'b'],
      ['4', 'c'],
    ] as const) {
      expect(await promptsrc(folder, ...small, '--seed', seed, '--out', out)).toMatchObject({ code: 0 })
    }
    expect(promptsOf('a').equals(promptsOf('b'))).toBe(true)
    expect(promptsOf('a').equals(promptsOf('c'))).toBe(false)
  })
})

function flipByte(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length - 100]! ^= 1
  writeFileSync(path, bytes)
}

/** Files of a run with their content. */
const snapshot = (run: string) =>
  readdirSync(at(run), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name)).toString('base64')])
    .sort()
