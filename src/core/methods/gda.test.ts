import { describe, expect, it } from 'vitest'
import { randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import type { ClipConfig } from '../clip/config.js'
import { promptedClassifier, zeroShotClassifier } from '../evaluate/classifier.js'
import { randomStream } from '../random.js'
import { unitRows } from '../rows.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { heldOutAlpha, standIn } from './gaussian-classes.js'
import { gda } from './gda.js'
import { configure } from './registry.js'

const config: ClipConfig = {
  embedDim: 4,
  activation: 'quick',
  vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 64, layers: 2, heads: 1 },
  text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
}
const clip = randomClip(config, wordTokenizer as Tokenizer)
const runtime = nodeRuntime({ threads: 1, worker: false })
const classNames = ['cat', 'dog']
const labels = Int32Array.of(0, 1, 0, 1, 1)
const views = [1, 2].map((v) => unitRows(randomTensor(`view ${v}`, [5, 4]).data, 4))
const text = unitRows(randomTensor('text', [2, 4]).data, 4)
const examples = { labels, text, view: async (v: number) => views[v - 1]! }

const configured = (given: object) =>
  configure({ method: gda, methodOptions: gda.options.parse({ views: 2, ...given }), classNames }, clip)
const solved = async (given: object = { alpha: 0.5 }) => {
  const method = configured(given)
  const parameters = new Map<string, Float32Array>()
  for (const { name, init } of method.parameters) parameters.set(name, await init(randomStream(1), examples))
  return { method, parameters }
}

/** The equations written down directly: sample by sample, the inverse by Gauss and Jordan. */
function plain() {
  const samples = views.flatMap((rows) =>
    Array.from(labels, (label, i) => ({ label, x: Array.from(rows.subarray(i * 4, i * 4 + 4)) })),
  )
  const means = classNames.map((_, c) => {
    const own = samples.filter(({ label }) => label === c)
    return [0, 1, 2, 3].map((d) => own.reduce((sum, { x }) => sum + x[d]!, 0) / own.length)
  })
  const covariance = [0, 1, 2, 3].map((a) =>
    [0, 1, 2, 3].map(
      (b) =>
        samples.reduce(
          (sum, { label, x }) => sum + (x[a]! - means[label]![a]!) * (x[b]! - means[label]![b]!),
          0,
        ) /
        (samples.length - 1),
    ),
  )
  const trace = covariance.reduce((sum, row, a) => sum + row[a]!, 0)
  const shrunk = covariance.map((row, a) =>
    row.map((value, b) => (samples.length - 1) * value + (a === b ? trace : 0)),
  )
  const precision = inverse(shrunk).map((row) => row.map((value) => 4 * value))
  const weights = means.map((mean) =>
    precision.map((row) => row.reduce((sum, p, b) => sum + p * mean[b]!, 0)),
  )
  const bias = means.map(
    (mean, c) => Math.log(1 / 2) - mean.reduce((s, m, a) => s + m * weights[c]![a]!, 0) / 2,
  )
  return { precision, weights, bias }
}

function inverse(matrix: number[][]): number[][] {
  const n = matrix.length
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))])
  for (let i = 0; i < n; i++) {
    const pivot = rows[i]![i]!
    rows[i] = rows[i]!.map((value) => value / pivot)
    for (let k = 0; k < n; k++) {
      const factor = k === i ? 0 : rows[k]![i]!
      rows[k] = rows[k]!.map((value, j) => value - factor * rows[i]![j]!)
    }
  }
  return rows.map((row) => row.slice(n))
}

describe('Gaussian discriminant analysis', () => {
  it('is what its equations give', async () => {
    const { parameters } = await solved()
    const { precision, weights, bias } = plain()
    const expectClose = (name: string, expected: number[]) => {
      for (const [i, value] of parameters.get(name)!.entries()) {
        expect(value / expected[i]!, `${name} ${i}`).toBeCloseTo(1, 4)
      }
    }
    expectClose('gda.precision', precision.flat())
    expectClose('gda.weights', weights.flat())
    expectClose('gda.bias', bias)
    expect(parameters.get('gda.alpha')).toEqual(Float32Array.of(0.5))
  })

  it('stands beside zero-shot CLIP, for trained classes and others', async () => {
    const names = ['owl', 'dog']
    const { method, parameters } = await solved({ alpha: 0.5, neighbours: 3, textCopies: 2 })
    const images = randomTensor('pixels', [1, 3, 32, 32]).data
    const classifier = await promptedClassifier({ clip, runtime, classNames: names }, { method, parameters })
    const { logits, features } = await classifier.classify(images)
    const zeroShot = await zeroShotClassifier({ clip, runtime, classNames: names }, ['a photo of a {}.'])
    const own = (await zeroShot.classify(images)).logits
    const { precision, weights, bias } = plain()
    const mean = standIn(parameters.get('gda.images')!, zeroShot.textFeatures!.subarray(0, 4), 3, 2)
    const owl = precision.map((row) => row.reduce((sum, p, b) => sum + p * mean[b]!, 0))
    const expected = [
      [owl, Math.log(1 / 2) - mean.reduce((s, m, a) => s + m * owl[a]!, 0) / 2],
      [weights[1]!, bias[1]!],
    ] as const
    for (const [c, [w, b]] of expected.entries()) {
      const gaussian = w.reduce((sum, value, d) => sum + value * features[d]!, b)
      const found = (logits[c]! - own[c]!) / 0.5
      expect(Math.abs(found - gaussian)).toBeLessThan(1e-3 * Math.max(1, Math.abs(gaussian)))
    }
  })

  it('puts the nearest images and copies of the text in place of images that there are not', () => {
    const images = Float32Array.of(1, 0, 0, 1, -1, 0)
    expect([...standIn(images, Float32Array.of(1, 0), 1, 1)]).toEqual([1, 0])
    const [x, y] = standIn(images, Float32Array.of(1, 0), 2, 2)
    expect([x, y]).toEqual([0.75, 0.25])
  })
})

describe('alpha', () => {
  // By their features the classes are apart, whatever the texts say.
  const clear = Float32Array.of(1, 0.1, 1, 0, 1, -0.1, 1, 0.2, 0.1, 1, 0, 1, -0.1, 1, 0.2, 1)
  const at = { labels: Int32Array.of(0, 0, 0, 0, 1, 1, 1, 1), scale: 1, classes: 2, width: 2 }

  it('is the least that classifies most held-out images', () => {
    const misleading = Float32Array.of(1, 1, -1, -1)
    const chosen = heldOutAlpha([clear], [1e-9, 100], { ...at, text: misleading })
    expect(chosen).toBe(100)
    expect(heldOutAlpha([clear], [1e-9, 100], { ...at, text: Float32Array.of(1, 0, 0, 1) })).toBe(1e-9)
  })

  it('is not chosen where a class has an image alone', () => {
    const options = {
      ...at,
      labels: Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1),
      text: Float32Array.of(1, 0, 0, 1),
    }
    expect(heldOutAlpha([clear], [1, 10], options)).toBeUndefined()
  })
})
