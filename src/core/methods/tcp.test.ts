import { expect, it } from 'vitest'
import { evaluate, gradientError, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, smallConfig, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { classFeatures } from '../clip/text-features.js'
import { promptedClassifier } from '../evaluate/classifier.js'
import { l2Normalize, type Tensor, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import type { StepInputs } from './method.js'
import { configure } from './registry.js'
import { tcp } from './tcp.js'

const clip = randomClip(smallConfig, wordTokenizer as Tokenizer)
const runtime = nodeRuntime({ threads: 1, worker: false })
const classNames = ['cat', 'dog', 'fox']
const configured = (given: object = {}) =>
  configure(
    { method: tcp, methodOptions: tcp.options.parse({ block: 2, context: 2, ...given }), classNames },
    clip,
  )
const specs = configured().parameters
const values_ = new Map(specs.map(({ name, shape }) => [name, randomTensor(name, shape, -0.3, 0.3)]))
const constantOf = (name: string) => values(name, values_.get(name)!.shape, values_.get(name)!.data)

const inputs = {
  images: values('images', [2, 3, 32, 32], randomTensor('images', [2, 3, 32, 32]).data),
  labels: values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 0, 1)),
}
const step = (text: Tensor, parameter: (name: string) => Tensor, more: object = {}, given: object = {}) =>
  configured(given).step({ ...inputs, ...more, parameter, frozen: { text } } as unknown as StepInputs)

const frozen = l2Normalize(values('frozen', [3, 32], randomTensor('frozen', [3, 32]).data))

it('has the gradient of finite differences through the network that makes the tokens', async () => {
  const name = 'prompt_learner.meta_net.linear1.bias'
  const error = await gradientError(
    ([bias]) => step(frozen, (key) => (key === name ? bias! : constantOf(key))).terms.total,
    [values_.get(name)!],
    3e-3,
  )
  expect(error).toBeLessThan(1e-2)
})

it('gives the same with some of the classes at once, and the start token alone of a shared prefix', async () => {
  const whole = step(frozen, constantOf).text
  const parts = step(frozen, constantOf, { classesAtOnce: 2 }).text
  const first = step(frozen, constantOf, {}, { block: 1 }).text
  const found = await evaluate({ whole, parts, first })
  for (const [i, value] of found.whole!.data.entries()) expect(found.parts!.data[i]).toBeCloseTo(value, 5)
  expect(found.first!.data).not.toEqual(found.whole!.data)
})

it('gives new classes tokens of their own, made of their frozen features', async () => {
  const learned = {
    method: configured(),
    parameters: new Map([...values_].map(([name, { data }]) => [name, data])),
  }
  const weights = async (names: string[]) => {
    await using classifier = await promptedClassifier({ clip, runtime, classNames: names }, learned)
    return classifier.textFeatures!
  }
  const trained = await weights(classNames)
  const texts = { templates: ['a photo of a {}.'], combination: 'mean' } as const
  const own = await classFeatures(clip, runtime, classNames, texts)
  const { text } = await evaluate({ text: step(l2Normalize(values('own', [3, 32], own)), constantOf).text })
  for (const [i, value] of text!.data.entries()) expect(trained[i]).toBeCloseTo(value, 5)
  const others = await weights(['owl', 'dog'])
  for (let d = 0; d < 32; d++) expect(others[32 + d]).toBeCloseTo(trained[32 + d]!, 5)
  expect(others.slice(0, 32)).not.toEqual(trained.slice(0, 32))
})
