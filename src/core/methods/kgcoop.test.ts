import { expect, it } from 'vitest'
import { evaluate, gradientError, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, smallConfig, wordTokenizer } from '../../../test/support/random-clip.js'
import { l2Normalize, type Tensor, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { kgcoop } from './kgcoop.js'
import type { StepInputs } from './method.js'
import { configure } from './registry.js'

const clip = randomClip(smallConfig, wordTokenizer as Tokenizer)
const classNames = ['cat', 'dog', 'fox']
const configured = (given: object = {}) =>
  configure({ method: kgcoop, methodOptions: kgcoop.options.parse(given), classNames }, clip)

const frozen = { text: l2Normalize(values('frozen', [3, 32], randomTensor('frozen', [3, 32]).data)) }
const inputs = {
  images: values('images', [2, 3, 32, 32], randomTensor('images', [2, 3, 32, 32]).data),
  labels: values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 0, 1)),
  frozen,
}
const step = (context: Tensor, given: object = {}) =>
  configured(given).step({ ...inputs, parameter: () => context } as unknown as StepInputs)

it('has the gradient of finite differences, the pull to the hand-written prompt included', async () => {
  const error = await gradientError(
    ([context]) => step(context!, { contextInit: '', context: 1 }).terms.total,
    [randomTensor('context', [1, 64], -0.3, 0.3)],
    3e-3,
  )
  expect(error).toBeLessThan(1e-2)
})

it('weighs the mean distance of the classes from their hand-written prompts', async () => {
  const context = values('context', [4, 64], randomTensor('context', [4, 64]).data)
  const { text, terms } = step(context, { knowledgeWeight: 3 })
  const found = await evaluate({ text, frozen: frozen.text, knowledge: terms.knowledge! })
  let cosine = 0
  for (let i = 0; i < 96; i++) cosine += (found.text!.data[i]! * found.frozen!.data[i]!) / 3
  expect(found.knowledge!.data[0]).toBeCloseTo(3 * (1 - cosine), 4)
})

it('is held to the template of the benchmark’s data set', () => {
  const training = { protocol: 'base-to-novel', source: 'OxfordPets', shots: 16 } as const
  const { methodOptions } = kgcoop.published!(training)
  expect(kgcoop.options.parse(methodOptions).template).toBe('a photo of a {}, a type of pet.')
  expect(configured().teacher).toEqual({ templates: ['a photo of a {}.'], combination: 'mean' })
})
