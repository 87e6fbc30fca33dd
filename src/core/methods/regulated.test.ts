import { describe, expect, it } from 'vitest'
import { evaluate, randomTensor } from '../../../test/support/finite-differences.js'
import { promptSrcTemplates } from '../clip/templates.js'
import { gemm, l2Normalize, mul, scalar, type Tensor, values } from '../graph/index.js'
import { coop } from './coop.js'
import { crossEntropy } from './cross-entropy.js'
import { ivlp } from './ivlp.js'
import type { StepFeatures } from './method.js'
import { promptSrc } from './promptsrc.js'
import { methods } from './registry.js'
import { regulated } from './regulated.js'

const constantOf = (name: string, shape: readonly number[]) =>
  l2Normalize(values(name, shape, randomTensor(name, shape).data))
const featuresOf = (name: string, text: Tensor): StepFeatures => {
  const image = constantOf(`${name} image`, [2, 8])
  return { text, image, logits: mul(gemm(image, text, { transB: true }), 10) }
}
const labels = values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 1, 0))
const prompted = featuresOf('prompted', constantOf('text', [3, 8]))
const frozen = featuresOf('frozen', constantOf('frozen text', [3, 8]))
const features = {
  ...prompted,
  labels,
  frozen,
  logitScale: scalar(10),
  textSet: prompted.text,
  nameless: prompted.text,
}

const termsOf = async (method: typeof promptSrc, given: object) => {
  const terms = await evaluate({ ...method.objective(method.options.parse(given), features) })
  return Object.fromEntries(Object.entries(terms).map(([name, { data }]) => [name, data[0]!]))
}

describe('a regulated method', () => {
  const method = regulated(ivlp)

  it('is the method itself by default', async () => {
    const options = method.options.parse({})
    expect(method.teacherTemplates!(options)).toBeUndefined()
    expect(method.aggregation!(options)).toBeUndefined()
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

  it('with every regulator at its published weight is PromptSRC', async () => {
    const { textLossWeight, imageLossWeight, logitsLossWeight, gpa, diverseTeacher } =
      promptSrc.options.parse({})
    const all = { textLossWeight, imageLossWeight, logitsLossWeight, gpa, diverseTeacher }
    expect(await termsOf(method, all)).toEqual(await termsOf(promptSrc, {}))
    expect(method.options.parse(all)).toEqual(promptSrc.options.parse({}))
    expect(method.aggregation!(method.options.parse(all))).toEqual({ mean: 15, std: 1 })
  })

  it('reads one template as its teacher, or the diverse ones', () => {
    const templates = (given: object) =>
      method.teacherTemplates!(method.options.parse({ textLossWeight: 1, ...given }))
    expect(templates({})).toEqual(['a photo of a {}.'])
    expect(templates({ diverseTeacher: true })).toEqual(promptSrcTemplates)
  })

  it('places the Gaussian relative to its own number of epochs', () => {
    const on = regulated(coop)
    expect(on.aggregation!(on.options.parse({ gpa: true }))).toEqual({ mean: 37.5, std: 2.5 })
  })

  it('is every method of the registry', () => {
    for (const { options } of Object.values(methods)) {
      expect(Object.keys(options.parse({}))).toEqual(
        expect.arrayContaining([
          'textLossWeight',
          'imageLossWeight',
          'logitsLossWeight',
          'gpa',
          'diverseTeacher',
        ]),
      )
    }
  })
})
