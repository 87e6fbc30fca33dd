import { describe, expect, it } from 'vitest'
import { evaluate, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { Clip } from '../clip/clip.js'
import type { ClipConfig } from '../clip/config.js'
import { mergedClip } from '../clip/merged-clip.js'
import { promptedClassifier, zeroShotClassifier } from '../evaluate/classifier.js'
import { gradients, type HostTensor, input, l2Normalize, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import type { Configuration, StepInputs } from './method.js'
import { configure, methodNamed } from './registry.js'

const config: ClipConfig = {
  embedDim: 24,
  activation: 'quick',
  vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 128, layers: 3, heads: 2 },
  text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
}
const classNames = ['cat', 'dog', 'lily of the valley']
const template = 'a photo of a {}.'
const pixels = randomTensor('images', [2, 3, 32, 32])
const labels = values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 0, 1))
const runtime = nodeRuntime({ threads: 1, worker: false })

const clipOf = (activation: ClipConfig['activation'] = 'quick') =>
  randomClip({ ...config, activation }, wordTokenizer as Tokenizer)
const configured = (given: object, clip = clipOf(), name = 'fine-tune') => {
  const method = methodNamed(name)
  return configure({ method, methodOptions: method.options.parse(given), classNames }, clip)
}

/** Loss, logits and gradients of a step, or the loss alone, at values of the parameters. */
async function stepAt(
  { parameters, step }: Configuration,
  at: Readonly<Record<string, HostTensor>>,
  { classesAtOnce, lossAlone = false }: { classesAtOnce?: number; lossAlone?: boolean } = {},
) {
  const text = l2Normalize(values('teacher', [3, 24], randomTensor('teacher', [3, 24]).data))
  const symbols = new Map(parameters.map(({ name, shape }) => [name, input(name, shape)]))
  const { terms, logits } = step({
    images: input('images', pixels.shape),
    labels,
    parameter: (name: string) => symbols.get(name)!,
    frozen: { text },
    classesAtOnce,
  } as unknown as StepInputs)
  if (lossAlone) return evaluate({ loss: terms.total }, { images: pixels, ...at })
  const grads = gradients(terms.total, [...symbols.values()])
  const named = [...symbols.keys()].map((name, i) => [`grad.${name}`, grads[i]!] as const)
  return evaluate({ loss: terms.total, logits, ...Object.fromEntries(named) }, { images: pixels, ...at })
}

/** CLIP's own values of the parameters, moved a little so that nothing is 0 or 1. */
async function start({ parameters }: Configuration, by = 0.02): Promise<Record<string, HostTensor>> {
  const found = parameters.map(async ({ name, shape, init }) => {
    const own = await init(undefined as never)
    const moved = randomTensor(name, shape).data
    return [name, { shape, data: own.map((value, i) => value + by * moved[i]!) }] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

const worst = (a: HostTensor, b: HostTensor) => {
  const scale = Math.max(1e-6, ...b.data.map(Math.abs))
  return a.data.reduce((most, value, i) => Math.max(most, Math.abs(value - b.data[i]!)), 0) / scale
}

describe.each([
  [{ tuned: 'all' }, 'quick'],
  [{ tuned: 'all', towers: 'image' }, 'quick'],
  [{ tuned: 'all', towers: 'text' }, 'exact'],
  [{ tuned: 'layernorm' }, 'quick'],
  [{ tuned: 'bias' }, 'quick'],
] as const)('with %o and the %s activation', (given, activation) => {
  const clip = clipOf(activation)
  const method = configured(given, clip)

  it('has in every tensor the slope of finite differences', async () => {
    const at = await start(method)
    const found = await stepAt(method, at)
    const along = (h: number) =>
      Object.fromEntries(
        Object.entries(at).map(([name, { shape, data }]) => {
          const direction = randomTensor(`along ${name}`, shape).data
          return [name, { shape, data: data.map((value, i) => value + h * direction[i]!) }]
        }),
      )
    let slope = 0
    for (const [name, { shape }] of Object.entries(at)) {
      const direction = randomTensor(`along ${name}`, shape).data
      slope += found[`grad.${name}`]!.data.reduce((sum, g, i) => sum + g * direction[i]!, 0)
      expect(
        found[`grad.${name}`]!.data.some((g) => g !== 0),
        name,
      ).toBe(true)
    }
    const lossAt = async (h: number) => (await stepAt(method, along(h), { lossAlone: true })).loss!.data[0]!
    const h = 5e-4
    const difference = async (step: number) => (await lossAt(step)) - (await lossAt(-step))
    const expected = (8 * (await difference(h)) - (await difference(2 * h))) / (12 * h)
    expect(Math.abs(slope - expected) / Math.abs(expected)).toBeLessThan(5e-3)
  })

  it('computes what a plain CLIP of these weights does', async () => {
    const at = await start(method)
    const own = await stepAt(method, at)
    const parameters = new Map(Object.entries(at).map(([name, { data }]) => [name, data as Float32Array]))
    const options = { runtime, classNames }
    const texts = await zeroShotClassifier({ ...options, clip: mergedClip(clip, parameters) }, [template])
    const { logits } = await texts.classify(pixels.data)
    if (method.teacher) return
    expect(worst(own.logits!, { shape: [2, 3], data: logits })).toBeLessThan(2e-5)
    const learned = await promptedClassifier({ ...options, clip }, { method, parameters })
    expect((await learned.classify(pixels.data)).logits).toEqual(logits)
  })
})

it('gives the same for some classes at a time', async () => {
  const method = configured({ tuned: 'all' })
  const at = await start(method)
  const [once, parts] = [await stepAt(method, at), await stepAt(method, at, { classesAtOnce: 2 })]
  for (const [name, tensor] of Object.entries(parts))
    expect(worst(tensor, once[name]!), name).toBeLessThan(2e-5)
})

it('leaves a tower that is not trained as it is, folded weights and all', () => {
  const clip = clipOf()
  const tuned = clip.tuned({ weights: new Map([['ln_final.bias', input('b', [64])]]) })
  expect(tuned.textWeights.blocks).toEqual(clip.textWeights.blocks)
  expect(tuned.textWeights.lnFinal.bias).not.toBe(clip.textWeights.lnFinal.bias)
})

it('counts what it trains', () => {
  const count = (given: object, name?: string) =>
    configured(given, clipOf(), name).parameters.reduce(
      (sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1),
      0,
    )
  const norms = 128 * 2 * (2 * 3 + 2) + 64 * 2 * (2 * 2 + 1)
  expect(count({ tuned: 'layernorm' })).toBe(norms)
  const biases = (width: number, layers: number) => layers * (3 + 1 + 4 + 1) * width
  expect(count({}, 'bitfit')).toBe(norms / 2 + biases(128, 3) + biases(64, 2))
  expect(count({ towers: 'image' }) + count({ towers: 'text' })).toBe(count({}))
})

describe('where weights cannot be trained', () => {
  const resnet = new Clip({
    ...clipOf(),
    config: {
      ...config,
      vision: { kind: 'resnet', resolution: 64, width: 8, stages: [1, 1, 1, 1], heads: 4 },
    },
  })
  it('says which model could be, and trains the text tower alone', () => {
    expect(() => configured({}, resnet)).toThrow(/weights of a ResNet image tower cannot be trained/)
    const names = configured({ towers: 'text' }, resnet).parameters.map(({ name }) => name)
    expect(names.length).toBeGreaterThan(20)
    expect(names.some((name) => name.startsWith('visual.') || name.startsWith('token_'))).toBe(false)
  })

  it('refuses tensors that a model has not, or that never are', () => {
    for (const name of ['visual.ln_mid.weight', 'logit_scale', 'token_embedding.weight']) {
      expect(() => clipOf().tuned({ weights: new Map([[name, input('x', [1])]]) })).toThrow(
        `no tensor ${name} that could be trained`,
      )
    }
  })
})
