import { expect, it } from 'vitest'
import { evaluate, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import type { ClipConfig } from '../clip/config.js'
import { mergedClip } from '../clip/merged-clip.js'
import { promptedClassifier, zeroShotClassifier } from '../evaluate/classifier.js'
import { gradients, type HostTensor, input, values } from '../graph/index.js'
import { randomStream } from '../random.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import type { StepInputs } from './method.js'
import { configure, methodNamed } from './registry.js'

const config: ClipConfig = {
  embedDim: 16,
  activation: 'quick',
  vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 128, layers: 2, heads: 2 },
  text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
}
const clip = randomClip(config, wordTokenizer as Tokenizer)
const classNames = ['cat', 'dog', 'lily of the valley']
const pixels = randomTensor('images', [2, 3, 32, 32])
const configured = (given: object = {}) => {
  const method = methodNamed('clip-lora')
  return configure({ method, methodOptions: method.options.parse(given), classNames }, clip)
}

/** Values of the parameters, B among them not 0. */
const start = (given: object = {}): Record<string, HostTensor> =>
  Object.fromEntries(
    configured(given).parameters.map(({ name, shape }) => [name, randomTensor(name, shape, -0.2, 0.2)]),
  )

/** Loss, logits and gradients of a step. */
async function stepAt(given: object, at: Readonly<Record<string, HostTensor>>) {
  const { parameters, step, draws } = configured(given)
  const drawn = draws?.(randomStream(1, 'draws')) ?? {}
  const symbols = new Map(parameters.map(({ name, shape }) => [name, input(name, shape)]))
  const { terms, logits } = step({
    images: input('images', pixels.shape),
    labels: values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 0, 1)),
    parameter: (name: string) => symbols.get(name)!,
    drawn: (name: string) => input(name, drawn[name]!.shape),
  } as unknown as StepInputs)
  const grads = gradients(terms.total, [...symbols.values()])
  const named = [...symbols.keys()].map((name, i) => [`grad.${name}`, grads[i]!] as const)
  return evaluate(
    { loss: terms.total, logits, ...Object.fromEntries(named) },
    { images: pixels, ...drawn, ...at },
  )
}

it.each([{ dropout: 0.25 }, { dropout: 0, rank: 3, towers: 'text' }])(
  'with %o has in every tensor the slope of finite differences',
  async (given) => {
    const at = start(given)
    const direction = (name: string, shape: readonly number[]) => randomTensor(`along ${name}`, shape).data
    const lossAt = async (h: number) => {
      const moved = Object.entries(at).map(([name, { shape, data }]) => {
        const along = direction(name, shape)
        return [name, { shape, data: data.map((value, i) => value + h * along[i]!) }] as const
      })
      return (await stepAt(given, Object.fromEntries(moved))).loss!.data[0]!
    }
    const found = await stepAt(given, at)
    let slope = 0
    for (const [name, { shape }] of Object.entries(at)) {
      const along = direction(name, shape)
      const grad = found[`grad.${name}`]!.data
      expect(
        grad.some((g) => g !== 0),
        name,
      ).toBe(true)
      slope += grad.reduce((sum, g, i) => sum + g * along[i]!, 0)
    }
    const h = 4e-3
    const difference = async (step: number) => (await lossAt(step)) - (await lossAt(-step))
    const expected = (8 * (await difference(h)) - (await difference(2 * h))) / (12 * h)
    expect(Math.abs(slope - expected) / Math.abs(expected)).toBeLessThan(5e-3)
  },
)

it('is a plain CLIP once the products are merged', async () => {
  const at = start()
  const own = await stepAt({ dropout: 0 }, at)
  const method = configured()
  const parameters = new Map(Object.entries(at).map(([name, { data }]) => [name, data as Float32Array]))
  const options = { runtime: nodeRuntime({ threads: 1, worker: false }), classNames }
  const merged = mergedClip(clip, method.weights!(parameters))
  const plain = await zeroShotClassifier({ ...options, clip: merged }, ['a photo of a {}.'])
  const { logits } = await plain.classify(pixels.data)
  for (const [i, value] of own.logits!.data.entries()) expect(value / logits[i]!).toBeCloseTo(1, 4)
  const learned = await promptedClassifier({ ...options, clip }, { method, parameters })
  expect((await learned.classify(pixels.data)).logits).toEqual(logits)
  const frozen = await zeroShotClassifier({ ...options, clip }, ['a photo of a {}.'])
  expect((await frozen.classify(pixels.data)).logits).not.toEqual(logits)
})

it('begins as frozen CLIP, whatever is left out of what it reads', async () => {
  const zero = Object.entries(start()).map(([name, { shape, data }]) => [
    name,
    { shape, data: name.endsWith('B') ? data.map(() => 0) : data },
  ])
  const [dropped, whole] = [
    await stepAt({}, Object.fromEntries(zero)),
    await stepAt({ dropout: 0 }, Object.fromEntries(zero)),
  ]
  expect(dropped.logits!.data).toEqual(whole.logits!.data)
  const moved = start()
  expect((await stepAt({}, moved)).logits!.data).not.toEqual(
    (await stepAt({ dropout: 0 }, moved)).logits!.data,
  )
})

it('leaves out that share of values, and keeps their mean', () => {
  const { masks } = configured({ dropout: 0.25 }).draws!(randomStream(1, 'draws'))
  const kept = masks!.data.filter((value) => value !== 0)
  expect(kept.length / masks!.data.length).toBeCloseTo(0.75, 2)
  expect(new Set(kept)).toEqual(new Set([Math.fround(4 / 3)]))
  expect(configured({ dropout: 0 }).draws).toBeUndefined()
})
