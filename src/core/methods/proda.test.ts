import { describe, expect, it } from 'vitest'
import { evaluate, gradientError, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { gemm, l2Normalize, mean, mul, scalar, sub, type Tensor, values } from '../graph/index.js'
import { randomStream } from '../random.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { proda, prodaObjective } from './proda.js'
import { crossEntropy } from './prompted-features.js'

const [prompts, batch, classes, width] = [6, 3, 4, 5] as const
const SCALE = 1.5
const labels = values('labels', [batch, classes], Float32Array.of(1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0))
const options = proda.options.parse({})

/** The objective of given features. */
function objective(textSet: Tensor, image: Tensor, nameless: Tensor) {
  const text = mean(textSet, [0])
  const logits = mul(gemm(image, text, { transB: true }), SCALE)
  const features = { text, image, logits, textSet, nameless, labels, logitScale: scalar(SCALE) }
  return prodaObjective(options.orthogonalityWeight, features)
}

const constantOf = (name: string, shape: readonly number[]) =>
  l2Normalize(values(name, shape, randomTensor(name, shape).data))

describe("ProDA's surrogate loss", () => {
  it('bounds the expected cross-entropy under the Gaussian of the class weights from above', async () => {
    const textSet = constantOf('set', [prompts, classes, width])
    const image = constantOf('image', [batch, width])
    const { ce } = objective(textSet, image, constantOf('nameless', [prompts, width]))
    const { bound, weights, z } = await evaluate({ bound: ce!, weights: textSet, z: image })

    // Weights w = mean + sum_k e_k (w^k - mean) / sqrt(K) with normal e_k have the set's mean and covariance.
    const size = classes * width
    const center = Float64Array.from({ length: size }, (_, i) => {
      let sum = 0
      for (let k = 0; k < prompts; k++) sum += weights!.data[k * size + i]!
      return sum / prompts
    })
    const random = randomStream(1, 'samples')
    const draws = 4000
    let expected = 0
    for (let draw = 0; draw < draws; draw++) {
      const w = Float64Array.from(center)
      for (let k = 0; k < prompts; k++) {
        const e = random.normal() / Math.sqrt(prompts)
        for (let i = 0; i < size; i++) w[i]! += e * (weights!.data[k * size + i]! - center[i]!)
      }
      expected += hostCrossEntropy(z!.data, w) / draws
    }
    const atMean = hostCrossEntropy(z!.data, center)
    expect(expected).toBeGreaterThan(atMean)
    expect(bound!.data[0]!).toBeGreaterThan(expected)
    expect(bound!.data[0]! - expected).toBeLessThan(4 * (expected - atMean))
  })

  it('is plain cross-entropy where all prompts agree', async () => {
    const one = randomTensor('one', [1, classes, width]).data
    const set = values(
      'equal',
      [prompts, classes, width],
      Float32Array.from({ length: prompts * one.length }, (_, i) => one[i % one.length]!),
    )
    const textSet = l2Normalize(set)
    const image = constantOf('image', [batch, width])
    const { ce } = objective(textSet, image, constantOf('nameless', [prompts, width]))
    const logits = mul(gemm(image, mean(textSet, [0]), { transB: true }), SCALE)
    const { difference } = await evaluate({ difference: sub(ce!, crossEntropy(logits, labels)) })
    expect(Math.abs(difference!.data[0]!)).toBeLessThan(1e-5)
  })

  it('has the gradients of finite differences', async () => {
    const error = await gradientError(
      ([set, image, nameless]) =>
        objective(l2Normalize(set!), l2Normalize(image!), l2Normalize(nameless!)).total,
      [
        randomTensor('set', [prompts, classes, width]),
        randomTensor('image', [batch, width]),
        randomTensor('nameless', [prompts, width]),
      ],
      4e-3,
    )
    expect(error).toBeLessThan(5e-3)
  })
})

describe("ProDA's semantic orthogonality", () => {
  const orthogonality = async (rows: readonly number[][]) => {
    const nameless = values(`rows:${rows}`, [rows.length, rows[0]!.length], Float32Array.from(rows.flat()))
    const terms = objective(
      constantOf('set', [prompts, classes, width]),
      constantOf('image', [batch, width]),
      nameless,
    )
    return (await evaluate({ y: terms.orthogonality! })).y!.data[0]!
  }

  it('is 0 for orthogonal prompts, 1 for parallel ones, whatever their sign', async () => {
    expect(
      await orthogonality([
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
      ]),
    ).toBe(0)
    expect(
      await orthogonality([
        [1, 0, 0],
        [-1, 0, 0],
        [1, 0, 0],
      ]),
    ).toBeCloseTo(1, 6)
  })
})

describe("a draw of ProDA's prompts", () => {
  const clip = randomClip(
    {
      embedDim: 8,
      activation: 'quick',
      vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 64, layers: 2, heads: 1 },
      text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
    },
    wordTokenizer as Tokenizer,
  )

  it('takes different prompts of every position in the proportions of the set', () => {
    const options = proda.options.parse({ prompts: 16, promptBatch: 8 })
    const { draws } = proda.configure(options, clip, ['a'])
    const { selection } = draws!(randomStream(1))
    expect(selection!.shape).toEqual([8, 16])
    const chosen = Array.from({ length: 8 }, (_, row) =>
      selection!.data.subarray(row * 16, row * 16 + 16).indexOf(1),
    )
    expect(new Set(chosen).size).toBe(8)
    expect(chosen.slice(0, 4).every((k) => k < 8)).toBe(true)
    expect(chosen.slice(4, 6).every((k) => k >= 8 && k < 12)).toBe(true)
    expect(chosen.slice(6).every((k) => k >= 12)).toBe(true)
    const other = draws!(randomStream(2)).selection!
    expect(other.data).not.toEqual(selection!.data)
  })

  it('is refused where it is larger than the set', () => {
    const options = proda.options.parse({ prompts: 8, promptBatch: 12 })
    expect(() => proda.check!(options)).toThrow(/promptBatch: found 12, but the set has 8/)
  })
})

/** Mean cross-entropy of images [batch, width] under class weights [classes, width]. */
function hostCrossEntropy(z: Float32Array, w: ArrayLike<number>): number {
  let total = 0
  for (let b = 0; b < batch; b++) {
    const logits = Array.from({ length: classes }, (_, c) => {
      let dot = 0
      for (let d = 0; d < width; d++) dot += z[b * width + d]! * w[c * width + d]!
      return SCALE * dot
    })
    const target = [0, 2, 1][b]!
    const largest = Math.max(...logits)
    const sum = logits.reduce((s, l) => s + Math.exp(l - largest), 0)
    total += Math.log(sum) + largest - logits[target]!
  }
  return total / batch
}
