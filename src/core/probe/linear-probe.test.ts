import { afterAll, describe, expect, it } from 'vitest'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { WeightsError } from '../errors.js'
import { predictions } from '../evaluate/metrics.js'
import { randomStream } from '../random.js'
import { linearLogits } from './linear-logits.js'
import { holdOut, trainLinearProbe } from './linear-probe.js'
import type { LabelledFeatures } from './logistic-objective.js'

const runtime = nodeRuntime({ threads: 1 })
afterAll(() => runtime.close())

const [classes, dims] = [3, 6] as const

/** Features around a mean a class, `each` a class, label by label. */
function cloud(each: number, part: string): LabelledFeatures {
  const labels = Int32Array.from({ length: classes * each }, (_, i) => Math.floor(i / each))
  const noise = randomStream(1, part)
  const features = Float32Array.from({ length: labels.length * dims }, (_, i) => {
    const label = labels[Math.floor(i / dims)]!
    return 2 * randomStream(1, 'mean', label, i % dims).normal() + noise.normal()
  })
  return { features, labels }
}

const train = cloud(8, 'train')
const test = cloud(40, 'test')

async function accuracyOf(probe: Awaited<ReturnType<typeof trainLinearProbe>>): Promise<number> {
  const predicted = predictions(await linearLogits(runtime, probe, test.features), classes)
  return predicted.filter((label, i) => label === test.labels[i]).length / predicted.length
}

describe('a linear probe', () => {
  it('separates classes, with C chosen on the given images, to the same bits every time', async () => {
    const options = { runtime, train, validation: cloud(4, 'val'), classes }
    const progress: [number, number][] = []
    const probe = await trainLinearProbe({
      ...options,
      onProgress: (done, total) => progress.push([done, total]),
    })
    expect(probe.validation).toBe('given')
    expect(probe.weights).toHaveLength(classes * dims)
    expect(await accuracyOf(probe)).toBeGreaterThan(0.95)
    expect(probe.trials.map(({ strength }) => strength)).toContain(probe.strength)
    expect(progress.map(([done]) => done)).toEqual(probe.trials.map((_, i) => i + 1))
    expect(progress.at(-1)).toEqual([probe.trials.length, probe.trials.length])
    expect(await trainLinearProbe(options)).toEqual(probe)
  })

  it('chooses C on held-out training images where there are none for it, and then trains on all', async () => {
    const probe = await trainLinearProbe({ runtime, train, classes })
    expect(probe.validation).toBe('held out')
    expect(await accuracyOf(probe)).toBeGreaterThan(0.95)
    const { kept } = holdOut(train)
    const partial = await trainLinearProbe({ runtime, train: kept, validation: holdOut(train).held, classes })
    expect(partial.strength).toBe(probe.strength)
    expect(partial.weights).not.toEqual(probe.weights)
  })

  it('takes a fixed C where every class has one image', async () => {
    const probe = await trainLinearProbe({ runtime, train: cloud(1, 'one'), classes })
    expect(probe).toMatchObject({ strength: 0.316, validation: 'none', trials: [] })
    expect(await accuracyOf(probe)).toBeGreaterThan(0.6)
  })

  it('refuses features that are not finite', async () => {
    const features = Float32Array.from(train.features)
    features[5] = Number.NaN
    const bad = trainLinearProbe({ runtime, train: { ...train, features }, classes })
    await expect(bad).rejects.toThrow(WeightsError)
  })
})

describe('holdOut', () => {
  it('takes the last quarter of every class, at least one, and never the only one', () => {
    const labels = Int32Array.of(0, 1, 0, 2, 0, 1, 0, 0, 0, 0, 0)
    const { kept, held } = holdOut({ features: Float32Array.from(labels.keys()), labels })
    expect([...held.features]).toEqual([5, 9, 10])
    expect([...held.labels]).toEqual([1, 0, 0])
    expect([...kept.features]).toEqual([0, 1, 2, 3, 4, 6, 7, 8])
    expect([...kept.labels]).toEqual([0, 1, 0, 2, 0, 0, 0, 0])
  })
})

describe('linearLogits', () => {
  it('multiplies and adds the biases over more rows than one run takes', async () => {
    const features = Float32Array.from({ length: 2 * 1500 }, (_, i) => i % 7)
    const logits = await linearLogits(
      runtime,
      { weights: Float32Array.of(1, 2, -1, 0, 3, 1), bias: Float32Array.of(10, 20, 30) },
      features,
    )
    expect(logits).toHaveLength(4500)
    for (const row of [0, 1023, 1024, 1499]) {
      const [a = 0, b = 0] = features.slice(2 * row, 2 * row + 2)
      expect([...logits.slice(3 * row, 3 * row + 3)]).toEqual([10 + a + 2 * b, 20 - a, 30 + 3 * a + b])
    }
  })
})
