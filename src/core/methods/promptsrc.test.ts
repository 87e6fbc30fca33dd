import { describe, expect, it } from 'vitest'
import { evaluate, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { promptSrcTemplates } from '../clip/templates.js'
import { gemm, l2Normalize, mul, type Tensor, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { coop } from './coop.js'
import { ivlp } from './ivlp.js'
import type { Configuration, Method, StepFeatures, StepInputs } from './method.js'
import { crossEntropy } from './prompted-features.js'
import {
  agreementOfFeatures,
  agreementOfLogits,
  promptSrc,
  regulated,
  regulatorOptions,
} from './promptsrc.js'
import { methods } from './registry.js'

it('agreement of features is the mean absolute difference over all entries', async () => {
  const a = values('a', [2, 2], Float32Array.of(1, 2, 3, 4))
  const b = values('b', [2, 2], Float32Array.of(1, 1, 5, 4))
  expect((await evaluate({ y: agreementOfFeatures(a, b) })).y!.data[0]).toBeCloseTo(0.75, 6)
})

it('agreement of logits is KL(frozen || prompted), summed and divided by the number of entries', async () => {
  const log = (p: number[]) => Float32Array.from(p, Math.log)
  const prompted = values('p', [1, 2], log([0.5, 0.5]))
  const frozen = values('q', [1, 2], log([0.9, 0.1]))
  const kl = 0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5)
  expect((await evaluate({ y: agreementOfLogits(prompted, frozen) })).y!.data[0]).toBeCloseTo(kl / 2, 6)
})

it('matches features as told: mean square or cosine in place of the absolute difference', async () => {
  const [text, image, logits] = [
    values('text', [1, 2], Float32Array.of(0.6, 0.8)),
    values('image', [1, 2], Float32Array.of(1, 0)),
    values('logits', [1, 1], Float32Array.of(1)),
  ] as const
  const frozen = { text: values('frozen', [1, 2], Float32Array.of(0, 1)), image, logits }
  const terms = async (matching: string) => {
    const base = { name: 'fixed', options: ivlp.options, defaults: ivlp.defaults } as unknown as Method
    const fixed = regulated({
      ...base,
      configure: () =>
        ({ step: () => ({ text, image, logits, terms: { total: logits } }) }) as unknown as Configuration,
    })
    const options = fixed.options.parse({ textLossWeight: 1, matching })
    const step = fixed.configure(options, undefined as never, []).step({ frozen } as unknown as StepInputs)
    return (await evaluate({ y: step.terms.sclText! })).y!.data[0]!
  }
  expect(await terms('l1')).toBeCloseTo(0.4, 6)
  expect(await terms('mse')).toBeCloseTo((0.36 + 0.04) / 2, 6)
  expect(await terms('cosine')).toBeCloseTo(1 - 0.8, 6)
})

it.each([
  ['matching', { matching: 'mse' }],
  ['average', { average: 'ema' }],
  ['diversity', { diversity: 'random', diverseTeacher: true }],
])('%s is refused where its regulator is off', (option, given) => {
  const method = methods.coop!
  expect(() => method.check!(method.options.parse(given))).toThrow(
    new RegExp(`option ${option}: nothing reads it`),
  )
})

it('says nothing of these choices where none was made, so that runs are written as before', () => {
  expect(Object.keys(promptSrc.options.parse({}))).not.toContain('matching')
})

const constantOf = (name: string, shape: readonly number[]) =>
  l2Normalize(values(name, shape, randomTensor(name, shape).data))
const featuresOf = (name: string, text: Tensor): StepFeatures => {
  const image = constantOf(`${name} image`, [2, 8])
  return { text, image, logits: mul(gemm(image, text, { transB: true }), 10) }
}
const labels = values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 1, 0))
const prompted = featuresOf('prompted', constantOf('text', [3, 8]))
const frozen = featuresOf('frozen', constantOf('frozen text', [3, 8]))
const inputs = { labels, frozen } as StepInputs
const clip = randomClip(
  {
    embedDim: 8,
    activation: 'quick',
    vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 64, layers: 2, heads: 1 },
    text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
  },
  wordTokenizer as Tokenizer,
)
const configured = (method: Method, given: object) =>
  method.configure(method.options.parse(given), clip, ['a', 'b', 'c'])

/** A method whose step has the prompted features, trained by cross-entropy. */
const plain: Method = {
  ...ivlp,
  configure: () =>
    ({
      parameters: [],
      step: () => ({ ...prompted, terms: { total: crossEntropy(prompted.logits, labels) } }),
    }) as unknown as Configuration,
}

const termsOf = async (method: Method, given: object) => {
  const terms = await evaluate({ ...configured(method, given).step(inputs).terms })
  return Object.fromEntries(Object.entries(terms).map(([name, { data }]) => [name, data[0]!]))
}

describe('a regulated method', () => {
  const method = regulated(plain)

  it('is the method itself by default', async () => {
    expect(configured(method, {}).teacher).toBeUndefined()
    expect(configured(method, {}).aggregation).toBeUndefined()
    const { ce } = await evaluate({ ce: crossEntropy(prompted.logits, labels) })
    expect(await termsOf(method, {})).toEqual({ total: ce!.data[0]! })
  })

  it.each([
    ['textLossWeight', 'sclText'],
    ['imageLossWeight', 'sclImage'],
    ['logitsLossWeight', 'sclLogits'],
  ])('has the agreement of %s alone where only that has a weight', async (option, term) => {
    const one = await termsOf(method, { [option]: 1 })
    expect(Object.keys(one).sort()).toEqual(['ce', term, 'total'].sort())
    expect(one.total).toBeCloseTo(one.ce! + one[term]!, 5)
    const three = await termsOf(method, { [option]: 3 })
    expect(three[term]!).toBeCloseTo(3 * one[term]!, 4)
    expect(one[term]!).toBeGreaterThan(0)
  })

  it('with every regulator at its published weight is PromptSRC', () => {
    const published = promptSrc.options.parse({})
    const all = Object.fromEntries(
      Object.entries(published).filter(([key]) => regulatorOptions.includes(key) && !/^gpa./.test(key)),
    )
    expect(regulated(ivlp).options.parse(all)).toEqual(published)
    const [ours, theirs] = [configured(regulated(ivlp), all), configured(promptSrc, {})]
    expect(ours.aggregation).toEqual({ mean: 15, std: 1 })
    expect(ours.aggregation).toEqual(theirs.aggregation)
    expect(ours.teacher).toEqual(theirs.teacher)
  })

  it('reads one template as its teacher, or the diverse ones', () => {
    const templates = (given: object) =>
      configured(method, { textLossWeight: 1, ...given }).teacher?.templates
    expect(templates({})).toEqual(['a photo of a {}.'])
    expect(templates({ diverseTeacher: true })).toEqual(promptSrcTemplates)
  })

  it('places the Gaussian relative to its own number of epochs', () => {
    expect(configured(regulated(coop), { gpa: true }).aggregation).toEqual({ mean: 37.5, std: 2.5 })
  })

  it('is every method of the registry that trains prompts on images, but those with a regulator of their own', () => {
    const onImages = Object.values(methods).filter(
      ({ learning = 'images', trainsWeights }) => learning === 'images' && !trainsWeights,
    )
    expect(onImages.length).toBeGreaterThan(5)
    const without = onImages.filter(({ options }) => {
      const taken = Object.keys(options.shape)
      const regulators = regulatorOptions.filter((name) => taken.includes(name))
      if (regulators.length > 0) expect(regulators).toEqual([...regulatorOptions])
      return regulators.length === 0
    })
    expect(without.map(({ name }) => name)).toEqual(['kgcoop', 'tcp', 'mmrlpp'])
  })
})
