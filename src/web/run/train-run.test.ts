import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Dataset } from '../../core/data/dataset.js'
import type { Model } from '../../core/model.js'
import { randomStream } from '../../core/random.js'
import type { TrainEvent } from '../../core/train/train-prompts.js'
import { loadModel } from '../../node/model.js'
import { trainRun as trainDirectory } from '../../node/runs/train-run.js'
import { type FileStore, memoryFiles } from '../kept/file-store.js'
import { readLog, readRunConfig } from './run-folder.js'
import { type TrainRunOptions, trainRun } from './train-run.js'

const classNames = ['red square', 'blue circle']
/** Two noisy pictures of each class. */
const data: Dataset = {
  name: 'noise',
  classNames,
  train: [0, 1, 2, 3].map((n) => ({
    source: `${n}`,
    label: n >> 1,
    async load() {
      const random = randomStream(1, 'noise', n)
      return { width: 16, height: 16, data: Uint8Array.from({ length: 768 }, () => random.integer(256)) }
    },
  })),
  val: [],
  test: [],
}
const settings = { epochs: 3, batchSize: 2, shots: 2 }

let folder: string
let model: Model
const whole = memoryFiles()
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'web-train-run-'))
  model = await loadModel('tiny', { threads: 1 })
  await train(whole)
})
afterAll(async () => {
  await model.close()
  await rm(folder, { recursive: true, force: true })
})

async function train(
  out: FileStore,
  options: Partial<TrainRunOptions> = {},
  stop?: (event: TrainEvent) => boolean,
): Promise<TrainEvent[]> {
  const seen: TrainEvent[] = []
  for await (const event of trainRun({ model, data, out, ...settings, ...options })) {
    seen.push(event)
    if (stop?.(event)) break
  }
  return seen
}

const bytesOf = async (store: FileStore, file: string) =>
  Buffer.from(await (await store.read(file))!.arrayBuffer())
const logOf = async (store: FileStore) => (await readLog(store)).map(({ time: _time, ...entry }) => entry)
const checkpoints = [1, 2, 3].map((epoch) => `checkpoints/epoch-00${epoch}.safetensors`)

it('a run in a page has the files of a run directory, checkpoints and prompts to the byte', async () => {
  const out = join(folder, 'node')
  const events = trainDirectory({ model, data, out, ...settings })
  while (!(await events.next()).done);
  expect((await whole.list()).sort()).toEqual(
    [...checkpoints, 'config.yaml', 'environment.json', 'log.jsonl', 'prompts.safetensors'].sort(),
  )
  for (const file of [...checkpoints, 'prompts.safetensors']) {
    expect((await bytesOf(whole, file)).equals(await readFile(join(out, file))), file).toBe(true)
  }
  // The command line's configuration is YAML.
  const written = memoryFiles([['config.yaml', await readFile(join(out, 'config.yaml'), 'utf8')]])
  expect(await readRunConfig(whole)).toEqual(await readRunConfig(written))
})

it('a run that was stopped in an epoch goes on to the same bytes and log', async () => {
  const stopped = memoryFiles()
  await train(stopped, {}, (event) => event.type === 'step' && event.epoch === 2)
  expect(await stopped.read('prompts.safetensors')).toBeUndefined()
  const events = await train(stopped, { resume: true })
  expect(events.find(({ type }) => type === 'start')).toMatchObject({ done: 1 })
  for (const file of [...checkpoints, 'prompts.safetensors']) {
    expect((await bytesOf(stopped, file)).equals(await bytesOf(whole, file)), file).toBe(true)
  }
  expect(await logOf(stopped)).toEqual(await logOf(whole))
})

it('a damaged checkpoint is passed over with a warning, to the same bytes', async () => {
  const damaged = memoryFiles()
  await train(damaged, {}, (event) => event.type === 'step' && event.epoch === 3)
  const bytes = await bytesOf(damaged, checkpoints[1]!)
  await damaged.write(checkpoints[1]!, bytes.fill(0, bytes.length - 16))
  const events = await train(damaged, { resume: true })
  expect(events[0]).toMatchObject({ type: 'warning', message: expect.stringMatching(/epoch-002.*damaged/) })
  expect(
    (await bytesOf(damaged, 'prompts.safetensors')).equals(await bytesOf(whole, 'prompts.safetensors')),
  ).toBe(true)
})

it('ends with the reason of the signal, and goes on', async () => {
  const stop = new AbortController()
  const out = memoryFiles()
  const events = trainRun({ model, data, out, ...settings, signal: stop.signal })
  await expect(
    (async () => {
      for await (const event of events) if (event.type === 'epoch') stop.abort(new Error('enough'))
    })(),
  ).rejects.toThrow('enough')
  await train(out, { resume: true })
  expect(
    (await bytesOf(out, 'prompts.safetensors')).equals(await bytesOf(whole, 'prompts.safetensors')),
  ).toBe(true)
})

it('neither replaces a run unasked nor goes on with other settings', async () => {
  await expect(train(whole)).rejects.toThrow('memory already holds a run')
  await expect(train(whole, { resume: true, learningRate: 0.5 })).rejects.toThrow(
    'memory was begun with settings.learningRate 0.0025, not 0.5',
  )
  const replaced = memoryFiles([
    ['config.yaml', '{}'],
    ['notes.txt', 'mine'],
    ['eval-x-all.json', '{}'],
  ])
  await train(replaced, { overwrite: true, epochs: 1 })
  const names = await replaced.list()
  expect(names).toContain('notes.txt')
  expect(names).not.toContain('eval-x-all.json')
  expect((await readRunConfig(replaced))!.settings.epochs).toBe(1)
})
