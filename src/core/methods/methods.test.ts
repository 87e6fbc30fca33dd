import { describe, expect, it } from 'vitest'
import { randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, smallConfig, wordTokenizer } from '../../../test/support/random-clip.js'
import { imageMethods, smallOptions } from '../../../test/support/small-methods.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { Clip } from '../clip/clip.js'
import { promptedClassifier } from '../evaluate/classifier.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { adamW } from '../train/adam.js'
import { resolveSettings, scheduleOf } from '../train/settings.js'
import { sgd } from '../train/sgd.js'
import type { StepResult } from '../train/steps.js'
import { Trainer } from '../train/trainer.js'
import { configure, methodNamed } from './registry.js'

const clip = randomClip(smallConfig, wordTokenizer as Tokenizer)
const resnet = new Clip({
  ...clip,
  config: {
    ...smallConfig,
    vision: { kind: 'resnet', resolution: 64, width: 8, stages: [1, 1, 1, 1], heads: 4 },
  },
})
const runtime = nodeRuntime({ threads: 1, worker: false })
const classNames = ['cat', 'dog', 'lily of the valley']

const configured = (
  method: string,
  methodOptions: Record<string, unknown>,
  names = classNames,
  model = clip,
) => configure({ method: methodNamed(method), methodOptions, classNames: names }, model)
const optionsOf = (method: string, given: object) =>
  resolveSettings({ method, methodOptions: { ...given } }, clip).methodOptions

async function trainer(method: string, given: object, seed = 1) {
  const settings = resolveSettings({ method, methodOptions: { ...given }, epochs: 2, warmupEpochs: 0 }, clip)
  const configuration = configured(method, settings.methodOptions)
  return Trainer.create({
    runtime,
    method: configuration,
    batchSize: 2,
    optimizer: configuration.adamW
      ? adamW(configuration.adamW)
      : sgd({ momentum: 0.9, weightDecay: 0, dampening: 0, nesterov: false }),
    schedule: scheduleOf(settings),
    seed,
  })
}
const images = randomTensor('images', [2, 3, 32, 32]).data

/** They start from CLIP's own weights: of seeds they see the order and the crops of images alone. */
const startFromClip = new Set(['2sfs', 'fine-tune', 'bitfit'])

describe.each(imageMethods)('%s', (name) => {
  it('moves all that it trains in two steps, and recognises classes that were not trained', async () => {
    const training = await trainer(name, smallOptions[name] ?? {})
    const before = training.state.parameters
    const [{ losses }] = (await training.step(images, [0, 2])) as [StepResult]
    await training.step(images, [1, 2])
    expect(losses.total).toBeGreaterThan(0)
    const trained = configured(name, optionsOf(name, smallOptions[name] ?? {})).parameters
    for (const { name: key, trained: moves = true } of trained) {
      const value = training.state.parameters.get(key)
      if (moves) expect(value, key).not.toEqual(before.get(key))
      else expect(value, key).toEqual(before.get(key))
    }

    const learned = {
      method: configured(name, optionsOf(name, smallOptions[name] ?? {})),
      parameters: training.state.parameters,
    }
    await training.release()
    const classifier = await promptedClassifier({ clip, runtime, classNames: ['fox', 'cat'] }, learned)
    const { logits } = await classifier.classify(images)
    await classifier.release()
    expect(logits).toHaveLength(4)
    expect(logits.every(Number.isFinite)).toBe(true)
  })

  it('repeats to the bit with the same seed, and not with another', async () => {
    const run = async (seed: number) => {
      const training = await trainer(name, smallOptions[name] ?? {}, seed)
      await training.step(images, [0, 2])
      const values = [...training.state.parameters.values()]
      await training.release()
      return values
    }
    const [first, again, other] = [await run(1), await run(1), await run(2)]
    expect(again).toEqual(first)
    if (!startFromClip.has(name)) expect(other).not.toEqual(first)
  })

  // Where the text is a template, the tokenizer refuses it.
  const prompts = configured(name, optionsOf(name, smallOptions[name] ?? {})).prompts
  it.runIf(prompts)('has prompts that fit the text tower or are refused with the number that would', () => {
    const words = Array(30).fill('very').join(' ')
    const create = () =>
      Trainer.create({
        runtime,
        method: configured(name, optionsOf(name, {}), [`${words} long`]),
        batchSize: 1,
        optimizer: sgd({ momentum: 0, weightDecay: 0, dampening: 0, nesterov: false }),
        schedule: scheduleOf(resolveSettings({})),
        seed: 1,
      })
    return expect(create()).rejects.toThrow(/context vectors and the class name "very very.*at most 24/)
  })
})

it('takes another template each step where one is drawn, the same ones again with the same seed', async () => {
  const diverse = { textLossWeight: 1, diverseTeacher: true, textDepth: 1, visionDepth: 0 }
  const losses = async (given: object) => {
    const training = await trainer('ivlp', { ...diverse, ...given })
    const found: number[] = []
    for (let i = 0; i < 3; i++) found.push((await training.step(images, [0, 2]))[0]!.losses.sclText!)
    await training.release()
    return found
  }
  const drawn = await losses({ diversity: 'random' })
  expect(await losses({ diversity: 'random' })).toEqual(drawn)
  expect(await losses({})).not.toEqual(drawn)
})

describe('class-specific contexts', () => {
  it('are refused on other classes, naming one', async () => {
    const method = configured('coop', optionsOf('coop', { classSpecific: true, context: 4 }))
    const [context] = method.parameters
    expect(context!.shape).toEqual([3, 4, 64])
    const learned = {
      method,
      parameters: new Map([[context!.name, randomTensor('ctx', context!.shape).data]]),
    }
    const evaluate = (names: string[]) => promptedClassifier({ clip, runtime, classNames: names }, learned)
    await (await evaluate(classNames)).release()
    await expect(evaluate(['cat', 'dog', 'fox'])).rejects.toThrow(/no context for class "fox"/)
    await expect(evaluate(['dog', 'cat'])).rejects.toThrow(/each of 3 classes in their order/)
  })

  it('are refused together with words to start from', () => {
    expect(() => optionsOf('coop', { classSpecific: true, contextInit: 'a photo of a' })).toThrow(
      /classSpecific and contextInit/,
    )
  })
})

describe('impossible options', () => {
  it.each([
    ['promptsrc', 'textDepth', 'text', 2],
    ['ivlp', 'visionDepth', 'image', 3],
    ['maple', 'depth', 'text', 2],
  ])('of %s: a %s beyond the %s tower is refused, naming its %d blocks', (method, option, tower, blocks) => {
    expect(() => optionsOf(method, { [option]: 12 })).toThrow(
      new RegExp(`${option}: found 12, but the ${tower} tower of random has ${blocks} blocks`),
    )
    expect(optionsOf(method, {})[option]).toBe(blocks)
  })

  it('name how many vectors start from words', () => {
    expect(() => optionsOf('maple', { context: 6, contextInit: 'a drawing of a' })).toThrow(
      /only up to 4 context vectors start from words; context is 6/,
    )
    expect(optionsOf('maple', { context: 6 })).toMatchObject({ context: 6 })
  })

  it('of MaPLe on a ResNet are refused with what works there', () => {
    const onResnet = (name: string) =>
      configured(name, methodNamed(name).options.parse({}), classNames, resnet).parameters
    expect(() => onResnet('maple')).toThrow(/needs a Vision Transformer/)
    expect(onResnet('coop')).toHaveLength(1)
    expect(onResnet('cocoop')).toHaveLength(5)
  })
})

describe('MaPLe', () => {
  it('starts its deep coupling functions as copies of one layer, apart from the first', async () => {
    const training = await trainer('maple', { depth: 2 })
    expect([...training.state.parameters.keys()]).toEqual([
      'prompt_learner.ctx',
      'prompt_learner.proj.weight',
      'prompt_learner.proj.bias',
      'prompt_learner.compound_prompts_text.0',
      'prompt_learner.compound_prompt_projections.0.weight',
      'prompt_learner.compound_prompt_projections.0.bias',
    ])
    await training.release()
    const deeper = { ...clip.config.text, layers: 4 }
    const deep = randomClip({ ...smallConfig, text: deeper }, wordTokenizer as Tokenizer)
    const options = methodNamed('maple').options.parse({ depth: 4 })
    const specs = configured('maple', options, classNames, deep).parameters
    const streams = specs.filter(({ name }) => name.endsWith('.weight')).map(({ stream }) => stream)
    expect(streams[0]).toBe('prompt_learner.proj.weight')
    expect(new Set(streams.slice(1))).toEqual(
      new Set(['prompt_learner.compound_prompt_projections.0.weight']),
    )
    expect(streams).toHaveLength(4)
  })
})
