import { afterAll, describe, expect, it } from 'vitest'
import { randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, smallConfig, wordTokenizer } from '../../../test/support/random-clip.js'
import { imageMethods, smallOptions } from '../../../test/support/small-methods.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { TrainingError } from '../errors.js'
import { configure, methodNamed } from '../methods/registry.js'
import type { Runtime } from '../runtime/session.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { adamW } from './adam.js'
import { resolveSettings, scheduleOf } from './settings.js'
import { sgd } from './sgd.js'
import type { StepResult } from './steps.js'
import { Trainer } from './trainer.js'

const clip = randomClip(smallConfig, wordTokenizer as Tokenizer)
const host = nodeRuntime({ threads: 1, worker: false })
afterAll(() => host.close())

/** The processor in the place of a device from which it takes time to fetch values. */
const device: Runtime = {
  carries: true,
  compile: (graph) => host.compile(graph),
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
}

const EPOCHS = 2
const STEPS = 20
const images = randomTensor('images', [2, 3, 32, 32]).data

function trainerOf(method: string, runtime: Runtime, given: object = {}, decoupled = false) {
  const settings = resolveSettings({ method, methodOptions: { ...given }, epochs: EPOCHS }, clip)
  const { methodOptions } = settings
  const classNames = ['cat', 'dog', 'lily of the valley']
  const configured = configure({ method: methodNamed(method), methodOptions, classNames }, clip)
  const adam = configured.adamW ?? (decoupled ? { weightDecay: 0.1 } : undefined)
  return Trainer.create({
    runtime,
    method: configured,
    batchSize: 2,
    optimizer: adam ? adamW(adam) : sgd({ momentum: 0.9, weightDecay: 5e-4, nesterov: true }),
    schedule: scheduleOf(settings),
    seed: 1,
  })
}

/** All epochs of a trainer: figures in the order in which they are told, and how many steps told them. */
async function trained(trainer: Trainer, steps = STEPS) {
  const results: StepResult[] = []
  const told: number[] = []
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    for (let i = 0; i < steps; i++) {
      const known = await trainer.step(images, [i % 3, 2])
      told.push(known.length)
      results.push(...known)
    }
    results.push(...(await trainer.settle()))
    trainer.endEpoch()
  }
  await trainer.release()
  return { results, told, state: trainer.state }
}

function expectAlike(found: Float32Array | undefined, expected: Float32Array, name: string) {
  expect(found, name).toHaveLength(expected.length)
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3)
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(found![i]! - value), `${name} ${i}`).toBeLessThan(1e-4 * largest)
  }
}

describe('steps on a device', () => {
  it.each(imageMethods)('of %s are those of the host but for rounding', async (method) => {
    const [expected, found] = [
      await trained(await trainerOf(method, host, smallOptions[method]), 3),
      await trained(await trainerOf(method, device, smallOptions[method]), 3),
    ]
    expect(found.results).toHaveLength(6)
    for (const [i, { losses, correct, learningRate }] of expected.results.entries()) {
      const other = found.results[i]!
      expect(other).toMatchObject({ correct, learningRate })
      for (const [term, loss] of Object.entries(losses)) expect(other.losses[term]).toBeCloseTo(loss, 3)
    }
    expect(found.state.optimizer.step).toBe(6)
    const all = ({ state }: typeof found) => new Map([...state.parameters, ...state.optimizer.buffers])
    for (const [name, values] of all(expected)) {
      // Adam scales what is rounding alone to its rate: the gradient of a bias of keys, which no softmax sees.
      if (!name.endsWith('in_proj_bias')) expectAlike(all(found).get(name), values, name)
    }
  })

  it('tell their figures many at once, none twice and none left out', async () => {
    const { told, results } = await trained(await trainerOf('promptsrc', device))
    expect(told.slice(0, STEPS)).toEqual([...Array(15).fill(0), 16, 0, 0, 0, 0])
    const expected = (await trained(await trainerOf('promptsrc', host))).results
    expect(results).toHaveLength(EPOCHS * STEPS)
    for (const [i, { losses }] of results.entries())
      expect(losses.total).toBeCloseTo(expected[i]!.losses.total!, 3)
  })

  it('go on from a state of the host, by AdamW as by SGD', async () => {
    const runs = [host, device].map(async (runtime) => {
      const first = await trainerOf('ivlp', host, {}, true)
      for (let i = 0; i < 3; i++) await first.step(images, [i, 2])
      first.endEpoch()
      const second = await trainerOf('ivlp', runtime, {}, true)
      second.restore(first.state)
      for (let i = 0; i < 3; i++) await second.step(images, [2, i])
      await second.settle()
      await Promise.all([first.release(), second.release()])
      return second.state
    })
    const [expected, found] = await Promise.all(runs)
    expect(found!.optimizer.step).toBe(6)
    for (const [name, values] of expected!.parameters) expectAlike(found!.parameters.get(name), values, name)
  })

  it('say which step diverged, and go back to what was settled', async () => {
    const trainer = await trainerOf('promptsrc', device)
    await trainer.step(images, [0, 2])
    await trainer.settle()
    const { parameters } = trainer.state
    await trainer.step(images, [0, 2])
    await trainer.step(
      images.map(() => Number.NaN),
      [0, 2],
    )
    const failed = trainer.settle()
    await expect(failed).rejects.toThrow(TrainingError)
    await expect(failed).rejects.toThrow(/is not a finite number at step 3 \(epoch 1/)
    expect(trainer.state.parameters).toEqual(parameters)
    await trainer.step(images, [0, 2])
    const [{ losses }] = (await trainer.settle()) as [StepResult]
    expect(losses.total).toBeGreaterThan(0)
    await trainer.release()
  })
})
