import { expect, it } from 'vitest'
import { evaluate, gradientError, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, smallConfig, wordTokenizer } from '../../../test/support/random-clip.js'
import { type Tensor, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { resolveSettings } from '../train/settings.js'
import type { StepInputs } from './method.js'
import { protext } from './protext.js'
import { configure } from './registry.js'

const clip = randomClip(smallConfig, wordTokenizer as Tokenizer)
const classNames = ['cat', 'dog', 'fox']
const configured = (given: object = {}) =>
  configure(
    { method: protext, methodOptions: protext.options.parse({ textDepth: 2, ...given }), classNames },
    clip,
  )
const inputs = {
  images: values('described', [2, 32], randomTensor('described', [2, 32]).data),
  labels: values('labels', [2, 3], Float32Array.of(0, 0, 1, 0, 1, 0)),
}
const step = (vectors: readonly Tensor[], given: object = {}) => {
  const method = configured(given)
  const names = method.parameters.map(({ name }) => name)
  return method.step({
    ...inputs,
    parameter: (name: string) => vectors[names.indexOf(name)]!,
  } as unknown as StepInputs)
}

it.each([
  ['mse', 3e-3],
  ['l1', 1e-3],
])('has the gradient of finite differences, by %s', async (matching, h) => {
  const error = await gradientError(
    (vectors) => step(vectors, { matching, contextInit: '', textContext: 1 }).terms.total,
    [randomTensor('context', [1, 64], -0.3, 0.3), randomTensor('deep', [1, 64], -0.3, 0.3)],
    h,
  )
  expect(error).toBeLessThan(1e-2)
})

it('weighs by 1000 the mean square between a description and the class that it is about', async () => {
  const vectors = [4, 4].map((n, i) => values(`v${i}`, [n, 64], randomTensor(`v${i}`, [n, 64]).data))
  const { text, image, terms } = step(vectors)
  const found = await evaluate({ text, image, total: terms.total })
  let sum = 0
  for (const [row, label] of [2, 1].entries())
    for (let d = 0; d < 32; d++)
      sum += (found.text!.data[label * 32 + d]! - found.image!.data[row * 32 + d]!) ** 2
  expect(found.total!.data[0]).toBeCloseTo((1000 * sum) / 64, 2)
})

it('prompts the text tower alone, and takes no number of images', () => {
  const { parameters, head } = configured()
  expect(parameters.map(({ name }) => name)).toEqual([
    'prompt_learner.ctx',
    'text_encoder.transformer.resblocks.1.VPT_shallow',
  ])
  expect(head(['wolf']).features).toBeDefined()
  expect(resolveSettings({ method: 'protext', shots: 16 }).shots).toBe(0)
  expect(() => resolveSettings({ shots: 0 })).toThrow(/shots: found 0, expected at least 1/)
})

it.each([
  ['base-to-novel', 'EuroSAT', 30, 0.03, 16],
  ['text-only', 'EuroSAT', 300, 0.0025, 4],
  ['cross-dataset', 'ImageNet', 10, 0.03, 4],
  ['domain-generalization', 'ImageNet', 200, 0.0025, 16],
] as const)('is trained for %s on %s as published', (protocol, source, epochs, learningRate, textContext) => {
  expect(protext.published!({ protocol, source, shots: 0 })).toEqual({
    epochs,
    learningRate,
    methodOptions: { textContext },
  })
})
