import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Dataset, Datum } from '../../core/data/dataset.js'
import { TrainingError } from '../../core/errors.js'
import type { Model } from '../../core/model.js'
import { randomStream } from '../../core/random.js'
import type { TrainEvent } from '../../core/train/train-prompts.js'
import { loadModel } from '../model.js'
import { readLog, readRunConfig } from './run-directory.js'
import { trainRun } from './train-run.js'

const classNames = ['red square', 'blue circle']

/** Two noisy pictures of each class. */
const data: Dataset = {
  name: 'noise',
  classNames,
  train: classNames.flatMap((_, label) => [0, 1].map((n) => datum(label, n))),
  val: [],
  test: [],
}

function datum(label: number, n: number): Datum {
  return {
    source: `${label}/${n}`,
    label,
    async load() {
      const random = randomStream(1, 'noise', label, n)
      return { width: 16, height: 16, data: Uint8Array.from({ length: 768 }, () => random.integer(256)) }
    },
  }
}

let folder: string
let model: Model
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'train-run-'))
  model = await loadModel('tiny')
  await train('whole', false)
})
afterAll(async () => {
  await model.close()
  await rm(folder, { recursive: true, force: true })
})

/** Trains three epochs with more shots than there are images; ends early where asked to. */
async function train(
  out: string,
  resume: boolean,
  stop?: (event: TrainEvent) => boolean,
  methodOptions: Record<string, unknown> = {},
  method = 'promptsrc',
): Promise<TrainEvent[]> {
  const options = {
    model,
    data,
    out: join(folder, out),
    resume,
    epochs: 3,
    batchSize: 2,
    shots: 4,
    method,
    methodOptions,
  }
  const seen: TrainEvent[] = []
  for await (const event of trainRun(options)) {
    seen.push(event)
    if (stop?.(event)) break
  }
  return seen
}

const isStep = (epoch: number) => (event: TrainEvent) => event.type === 'step' && event.epoch === epoch
const logOf = async (out: string) =>
  (await readLog(join(folder, out))).map(({ time: _time, ...entry }) => entry)
const promptsOf = (out: string) => readFile(join(folder, out, 'prompts.safetensors'))

describe('a run that was stopped and resumed', () => {
  it('has the prompts and the log of one that was not, warnings included', async () => {
    expect((await logOf('whole')).slice(0, 2)).toEqual(
      classNames.map((name) => ({
        event: 'warning',
        message: `class "${name}" has 2 training images, fewer than 4 shots`,
      })),
    )
    await train('stopped', false, isStep(1))
    await train('stopped', true, isStep(3))
    expect(await readdir(join(folder, 'stopped', 'checkpoints'))).toEqual([
      'epoch-001.safetensors',
      'epoch-002.safetensors',
    ])
    await train('stopped', true)
    expect(await logOf('stopped')).toEqual(await logOf('whole'))
    expect((await promptsOf('stopped')).equals(await promptsOf('whole'))).toBe(true)
  })

  it('begins again from the newest checkpoint that is there', async () => {
    await train('lost', false, isStep(3))
    await rm(join(folder, 'lost', 'checkpoints', 'epoch-002.safetensors'))
    const events = await train('lost', true)
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ done: 1 })
    expect(await logOf('lost')).toEqual(await logOf('whole'))
    expect((await promptsOf('lost')).equals(await promptsOf('whole'))).toBe(true)
  })
})

it('that memory allows some classes at a time alone goes on so, whatever memory there is by then', async () => {
  const many = Array.from({ length: 34 }, (_, i) => `class ${i}`)
  // Few of them have an image, so that an epoch is one step.
  const wide: Dataset = { ...data, classNames: many, train: [0, 1, 2, 3].map((label) => datum(label, 0)) }
  const within = async (out: string, given: { memory?: number; resume?: boolean }, stop: boolean) => {
    const own = { out: join(folder, out), method: 'coop', methodOptions: { context: 2 }, epochs: 2 }
    const options = { model, data: wide, batchSize: 4, shots: 1, ...own }
    for await (const event of trainRun({ ...options, ...given })) if (stop && event.type === 'epoch') break
  }
  await within('narrow memory', { memory: 1 }, false)
  await within('more memory', { memory: 1 }, true)
  await within('more memory', { resume: true }, false)
  for (const out of ['narrow memory', 'more memory']) {
    expect((await readRunConfig(join(folder, out)))!.settings.classesAtOnce).toBe(32)
  }
  expect((await promptsOf('more memory')).equals(await promptsOf('narrow memory'))).toBe(true)
})

it('whose prompts become no numbers fails, and leaves them in neither a checkpoint nor the result', async () => {
  // So narrow a Gaussian gives no epoch any weight.
  const error = await train('narrow', false, undefined, { gpaStd: 1e-300 }).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(TrainingError)
  expect(String(error)).toMatch(
    /after epoch 3 are no numbers: .* holds NaN; the last good checkpoint is .*epoch-002/,
  )
  expect(await readdir(join(folder, 'narrow', 'checkpoints'))).toEqual([
    'epoch-001.safetensors',
    'epoch-002.safetensors',
  ])
  await expect(promptsOf('narrow')).rejects.toThrow('ENOENT')
})

describe('a run of two stages', () => {
  it.each([
    ['in the first', 2, 0.6],
    ['where the first is over', 3, 0.6],
    ['in the second', 3, 0.3],
  ])('ends in the same bits stopped %s and resumed', async (_, epoch, share) => {
    const [whole, out] = [`stages-${share}-${epoch}-whole`, `stages-${share}-${epoch}`]
    const given = { views: 2, share }
    await train(whole, false, undefined, given, '2sfs')
    await train(out, false, isStep(epoch), given, '2sfs')
    const events = await train(out, true, undefined, given, '2sfs')
    expect(events.find(({ type }) => type === 'start')).toMatchObject({ done: epoch - 1 })
    expect(events.filter(({ type }) => type === 'plan' || type === 'start')).toHaveLength(2)
    expect((await promptsOf(out)).equals(await promptsOf(whole))).toBe(true)
    expect(await logOf(out)).toEqual(await logOf(whole))
  })
})

describe('a run of a method that learns from features', () => {
  it.each(['prolip', 'tip-adapter-f'])('ends in the same bits stopped and resumed: %s', async (method) => {
    const given = { views: 2 }
    await train(`${method}-whole`, false, undefined, given, method)
    await train(`${method}-stopped`, false, isStep(2), given, method)
    await train(`${method}-stopped`, true, undefined, given, method)
    expect((await promptsOf(`${method}-stopped`)).equals(await promptsOf(`${method}-whole`))).toBe(true)
    expect(await logOf(`${method}-stopped`)).toEqual(await logOf(`${method}-whole`))
  })

  it.each(['tip-adapter', 'gda'])(
    'in closed form makes one pass, which learns nothing further: %s',
    async (method) => {
      const events = await train(method, false, undefined, { views: 2 }, method)
      expect(events.filter(({ type }) => type === 'epoch')).toHaveLength(1)
      const again = await train(`${method}-again`, false, undefined, { views: 2 }, method)
      expect(again.at(-1)).toMatchObject({ type: 'epoch', losses: { total: expect.any(Number) } })
      expect((await promptsOf(method)).equals(await promptsOf(`${method}-again`))).toBe(true)
    },
  )
})
