import { expect, it } from 'vitest'
import { evaluate, gradientError, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, smallConfig, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { promptedClassifier } from '../evaluate/classifier.js'
import { l2Normalize, type Tensor, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import type { StepInputs } from './method.js'
import { mmrlpp } from './mmrlpp.js'
import { configure } from './registry.js'

const clip = randomClip(smallConfig, wordTokenizer as Tokenizer)
const runtime = nodeRuntime({ threads: 1, worker: false })
const classNames = ['cat', 'dog', 'lily of the valley']
const given = { tokens: 2, dimension: 6, block: 1, rank: 1, projectionRank: 2 }
const configured = (more: object = {}) =>
  configure({ method: mmrlpp, methodOptions: mmrlpp.options.parse({ ...given, ...more }), classNames }, clip)
const drawn = new Map(
  configured().parameters.map(({ name, shape }) => [name, randomTensor(name, shape, -0.3, 0.3)]),
)
const constantOf = (name: string) => values(name, drawn.get(name)!.shape, drawn.get(name)!.data)
const learned = {
  method: configured(),
  parameters: new Map([...drawn].map(([name, { data }]) => [name, data])),
}

const pixels = randomTensor('images', [2, 3, 32, 32])
const frozen = {
  text: l2Normalize(values('frozen text', [3, 32], randomTensor('frozen text', [3, 32]).data)),
  image: l2Normalize(values('frozen image', [2, 32], randomTensor('frozen image', [2, 32]).data)),
}
const inputs = {
  images: values('images', [2, 3, 32, 32], pixels.data),
  labels: values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 0, 1)),
  frozen,
}
const step = (parameter: (name: string) => Tensor, more: object = {}, options: object = {}) =>
  configured(options).step({ ...inputs, ...more, parameter } as unknown as StepInputs)

it('has the gradient of finite differences, through both towers and the tokens that flow on', async () => {
  const name = 'representation_learner.compound_rep_tokens'
  const error = await gradientError(
    ([tokens]) => step((key) => (key === name ? tokens! : constantOf(key))).terms.total,
    [drawn.get(name)!],
    1e-3,
  )
  expect(error).toBeLessThan(2e-2)
})

it('gives the same with some of the classes at once', async () => {
  const found = await evaluate({
    whole: step(constantOf).text,
    parts: step(constantOf, { classesAtOnce: 2 }).text,
  })
  for (const [i, value] of found.whole!.data.entries()) expect(found.parts!.data[i]).toBeCloseTo(value, 5)
})

it('adds the tokens’ logits for trained classes alone, whatever stands beside them', async () => {
  const logits = async (names: string[], method = learned.method) => {
    await using classifier = await promptedClassifier(
      { clip, runtime, classNames: names },
      { ...learned, method },
    )
    return (await classifier.classify(pixels.data)).logits
  }
  const mixed = await logits(['owl', 'cat'])
  const trained = await logits(classNames)
  const classToken = await logits(['owl', 'cat'], configured({ alpha: 1 }))
  for (const image of [0, 1]) {
    expect(mixed[2 * image]).toBeCloseTo(classToken[2 * image]!, 4)
    expect(mixed[2 * image + 1]).toBeCloseTo(trained[3 * image]!, 4)
    expect(Math.abs(mixed[2 * image + 1]! - classToken[2 * image + 1]!)).toBeGreaterThan(1e-3)
  }
})

it('starts with the same tokens at every block, its low-rank parts adding nothing', () => {
  const streams = configured().parameters.filter(({ name }) => name.endsWith('.bias'))
  expect(new Set(streams.map(({ stream }) => stream)).size).toBe(2)
  expect(streams).toHaveLength(4)
})
