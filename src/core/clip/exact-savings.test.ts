import { describe, expect, it } from 'vitest'
import { evaluate, randomTensor } from '../../../test/support/finite-differences.js'
import { plainImage, plainText } from '../../../test/support/plain-clip.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { encodeGraph, gradients, input, l2Normalize, mul, sum, type Tensor, values } from '../graph/index.js'
import type { Prompts } from '../methods/method.js'
import { promptedImage, textFeatureSet, textPrompts } from '../methods/prompted-features.js'
import { configure, methodNamed } from '../methods/registry.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import type { ClipConfig } from './config.js'
import { type PromptedTextOptions, promptedText, type TextPrompts } from './prompted-text.js'

// The towers leave out arithmetic that cannot change a result: tokens behind the end token, the class-independent
// prefix of every class but one, rows that are never read, factors folded into weights. With saving must equal without.

const config = (activation: ClipConfig['activation']): ClipConfig => ({
  embedDim: 48,
  activation,
  vision: { kind: 'vit', resolution: 32, patchSize: 8, width: 128, layers: 4, heads: 2 },
  text: { contextLength: 24, vocabSize: 49408, width: 128, layers: 4, heads: 2 },
})
const classNames = ['cat', 'highway or road', 'lily of the valley', 'dog']

const cases: [method: string, options: object, activation?: ClipConfig['activation']][] = [
  ['ivlp', { textDepth: 1, visionDepth: 1, textContext: 3, visionContext: 2 }],
  ['ivlp', { textDepth: 2, visionDepth: 3, textContext: 3, visionContext: 2 }],
  ['ivlp', { textDepth: 4, visionDepth: 4, textContext: 3, visionContext: 2 }],
  ['ivlp', { textDepth: 3, visionDepth: 2, textContext: 3, visionContext: 2 }, 'exact'],
  ['maple', { depth: 1 }],
  ['maple', { depth: 3 }],
  ['coop', { context: 5 }],
  ['coop', { context: 5, classPosition: 'middle' }],
  ['coop', { context: 5, classPosition: 'front' }],
  ['coop', { context: 1, classPosition: 'middle' }],
  ['coop', { context: 5, classSpecific: true }],
  ['coop', { context: 5, classSpecific: true, classPosition: 'middle' }],
  ['coop', { context: 5, classSpecific: true, classPosition: 'front' }],
  ['cocoop', {}],
  ['cocoop', { contextInit: '', context: 3 }],
  ['proda', { prompts: 8, context: 5 }],
]

/** A method's prompts on a random model, and values for its parameters. */
function setUp(name: string, given: object, activation: ClipConfig['activation'] = 'quick') {
  const clip = randomClip(config(activation), wordTokenizer as Tokenizer)
  const method = methodNamed(name)
  const methodOptions = method.options.parse(given)
  const configured = configure({ method, methodOptions, classNames }, clip)
  const specs = configured.parameters
  const symbols = new Map(specs.map(({ name, shape }) => [name, input(name, shape)]))
  const prompts: Prompts = configured.prompts!((name) => symbols.get(name)!)
  const feeds = Object.fromEntries(specs.map(({ name, shape }) => [name, randomTensor(name, shape)]))
  return { clip, prompts, symbols, feeds }
}

describe.each(cases)('with %s %o', (name, given, activation) => {
  const { clip, prompts, symbols, feeds } = setUp(name, given, activation)
  const images = input('images', [3, 3, 32, 32])
  const pixels = { images: randomTensor('images', images.shape) }

  /** Features and gradients of a random functional of them, for one way of computing them. */
  async function outcome(features: Tensor) {
    const weights = values('functional', features.shape, randomTensor('functional', features.shape).data)
    const grads = gradients(sum(mul(features, weights)), [...symbols.values()])
    const named = [...symbols.keys()].map((name, i) => [`grad.${name}`, grads[i]!] as const)
    return evaluate({ features, ...Object.fromEntries(named) }, { ...feeds, ...pixels })
  }

  function expectEqual(a: Awaited<ReturnType<typeof outcome>>, b: typeof a) {
    for (const [name, { data }] of Object.entries(a)) {
      const scale = Math.max(1e-6, ...data.map(Math.abs))
      const worst = data.reduce((w, value, i) => Math.max(w, Math.abs(value - b[name]!.data[i]!)), 0)
      expect(worst / scale, name).toBeLessThan(2e-5)
    }
  }

  it('the text tower gives what full sequences of every class give', async () => {
    const sets = textPrompts(prompts, promptedImage(clip, images))
    const saved = await Promise.all(
      sets.map((set) => outcome(l2Normalize(promptedText(clip, set, classNames)))),
    )
    const plain = await Promise.all(sets.map(async (set) => outcome(await plainText(clip, set, classNames))))
    for (const [i, expected] of plain.entries()) expectEqual(expected, saved[i]!)
  })

  it('the text tower gives the same for some classes at a time, and for several class names in a row', async () => {
    for (const set of textPrompts(prompts, promptedImage(clip, images))) {
      const features = (options: PromptedTextOptions) =>
        outcome(l2Normalize(promptedText(clip, set, classNames, options)))
      const atOnce = await features({ packed: false })
      expectEqual(atOnce, await features({ packed: true }))
      expectEqual(atOnce, await features({ packed: true, classesAtOnce: 3 }))
    }
  })

  it('the image tower gives what full sequences of every image give', async () => {
    const saved = await outcome(promptedImage(clip, images, prompts))
    expectEqual(await outcome(plainImage(clip, images, prompts)), saved)
  })
})

describe('the arithmetic left out', () => {
  const savings: [method: string, options: object, atLeast: number][] = [
    ['ivlp', { textDepth: 4, visionDepth: 4 }, 3],
    ['coop', {}, 2],
    ['coop', { context: 4, classSpecific: true }, 2],
    ['cocoop', {}, 3],
    ['proda', { prompts: 8, context: 4 }, 3],
  ]
  it.each(savings)(
    'makes the text tower of %s %o at least %d times smaller',
    async (name, given, atLeast) => {
      const { clip, prompts } = setUp(name, given)
      const sets = textPrompts(prompts, input('image', [2, 48]))
      const saved = await encodeGraph({ y: textFeatureSet(clip, sets, classNames) })
      const plain = await Promise.all(sets.map((set) => plainText(clip, set, classNames)))
      const all = await encodeGraph(Object.fromEntries(plain.map((y, i) => [`y${i}`, y])))
      expect(all.flops / saved.flops).toBeGreaterThan(atLeast)
    },
  )

  it('does not grow for all class names with the longest one, from where that pays', async () => {
    const clip = randomClip(
      { ...config('quick'), text: { ...config('quick').text, contextLength: 77, width: 512, heads: 8 } },
      wordTokenizer as Tokenizer,
    )
    const names = Array.from({ length: 50 }, (_, i) => `name${i}`)
    const long = Array(30).fill('long').join(' ')
    const flops = async (classNames: string[], packed?: boolean) => {
      const configured = configure(
        { method: methodNamed('ivlp'), methodOptions: methodNamed('ivlp').options.parse({}), classNames },
        clip,
      )
      const symbols = new Map(configured.parameters.map(({ name, shape }) => [name, input(name, shape)]))
      const { text } = configured.prompts!((name) => symbols.get(name)!)
      return (
        await encodeGraph({ y: promptedText(clip, (text as TextPrompts[])[0]!, classNames, { packed }) })
      ).flops
    }
    const short = await flops(names)
    const mixed = [...names, long]
    expect((await flops(mixed)) / short).toBeLessThan(1.5)
    expect((await flops(mixed, false)) / short).toBeGreaterThan(8)
  })

  it('lets the frozen and the prompted image tower share their first operations', async () => {
    const { clip, prompts } = setUp('ivlp', { visionDepth: 2 })
    const images = input('images', [2, 3, 32, 32])
    const frozen = await encodeGraph({ a: promptedImage(clip, images) })
    const prompted = await encodeGraph({ b: promptedImage(clip, images, prompts) })
    const both = await encodeGraph({
      a: promptedImage(clip, images),
      b: promptedImage(clip, images, prompts),
    })
    expect(both.flops).toBeLessThan(frozen.flops + prompted.flops)
    expect(both.weightBytes).toBeLessThan(1.01 * prompted.weightBytes)
  })
})
