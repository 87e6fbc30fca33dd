import { describe, expect, it } from 'vitest'
import { evaluate, randomTensor } from '../../test/support/finite-differences.js'
import { plainImage, plainText } from '../../test/support/plain-clip.js'
import { randomClip, wordTokenizer } from '../../test/support/random-clip.js'
import { encodeGraph, gradients, input, mul, sum, type Tensor, values } from '../graph/index.js'
import { ivlp } from '../methods/ivlp.js'
import type { Prompts } from '../methods/method.js'
import { layoutClasses, promptedImage, promptedText } from '../methods/prompted-clip.js'
import type { ClipConfig } from './config.js'
import type { Tokenizer } from './tokenizer.js'

// The towers leave out arithmetic that cannot change a result: tokens behind the end token, the class-independent
// prefix of every class but one, rows that are never read, factors folded into weights. With saving must equal without.

const config = (activation: ClipConfig['activation']): ClipConfig => ({
  embedDim: 48,
  activation,
  vision: { kind: 'vit', resolution: 32, patchSize: 8, width: 128, layers: 4, heads: 2 },
  text: { contextLength: 24, vocabSize: 49408, width: 128, layers: 4, heads: 2 },
})
const classNames = ['cat', 'highway or road', 'lily of the valley', 'dog']

const cases: [textDepth: number, visionDepth: number, ClipConfig['activation']][] = [
  [1, 1, 'quick'],
  [2, 3, 'quick'],
  [4, 4, 'quick'],
  [3, 2, 'exact'],
]

describe.each(cases)(
  'with text depth %i, vision depth %i and %s GELU',
  (textDepth, visionDepth, activation) => {
    const clip = randomClip(config(activation), wordTokenizer as Tokenizer)
    const options = ivlp.options.parse({ textDepth, visionDepth, textContext: 3, visionContext: 2 })
    const specs = ivlp.parameters(options, clip)
    const symbols = new Map(specs.map(({ name, shape }) => [name, input(name, shape)]))
    const prompts: Prompts = ivlp.prompts(options, clip, (name) => symbols.get(name)!)
    const feeds = Object.fromEntries(specs.map(({ name, shape }) => [name, randomTensor(name, shape)]))

    /** Features and gradients of a random functional of them, for one way of computing them. */
    async function outcome(
      features: Tensor,
      feed: Record<string, { shape: readonly number[]; data: Float32Array }>,
    ) {
      const weights = values('functional', features.shape, randomTensor('functional', features.shape).data)
      const grads = gradients(sum(mul(features, weights)), [...symbols.values()])
      const named = [...symbols.keys()].map((name, i) => [`grad.${name}`, grads[i]!] as const)
      return evaluate({ features, ...Object.fromEntries(named) }, { ...feeds, ...feed })
    }

    function expectEqual(a: Awaited<ReturnType<typeof outcome>>, b: typeof a) {
      for (const [name, { data }] of Object.entries(a)) {
        const scale = Math.max(1e-6, ...data.map(Math.abs))
        const worst = data.reduce((w, value, i) => Math.max(w, Math.abs(value - b[name]!.data[i]!)), 0)
        expect(worst / scale, name).toBeLessThan(2e-5)
      }
    }

    it('the text tower gives what full sequences of every class give', async () => {
      const words = ivlp.context(options)
      const classes = await layoutClasses(clip, words, classNames)
      const texts = classNames.map((name) => `${words.prefix} ${name}.`)
      const saved = await outcome(promptedText(clip, prompts, classes), {})
      expectEqual(await outcome(await plainText(clip, prompts, texts), {}), saved)
    })

    it('the image tower gives what full sequences of every image give', async () => {
      const images = input('images', [3, 3, 32, 32])
      const feed = { images: randomTensor('images', images.shape) }
      const saved = await outcome(promptedImage(clip, images, prompts), feed)
      expectEqual(await outcome(plainImage(clip, images, prompts), feed), saved)
    })
  },
)

describe('the arithmetic left out', () => {
  it('makes the prompted text tower several times smaller', async () => {
    const clip = randomClip(config('quick'), wordTokenizer as Tokenizer)
    const options = ivlp.options.parse({ textDepth: 4, visionDepth: 4 })
    const specs = ivlp.parameters(options, clip)
    const prompts = ivlp.prompts(options, clip, (name) =>
      input(name, specs.find((s) => s.name === name)!.shape),
    )
    const classes = await layoutClasses(clip, ivlp.context(options), classNames)
    const saved = await encodeGraph({ y: promptedText(clip, prompts, classes) })
    const plain = await encodeGraph({
      y: await plainText(
        clip,
        prompts,
        classNames.map((n) => `a photo of a ${n}.`),
      ),
    })
    expect(plain.flops / saved.flops).toBeGreaterThan(3)
  })

  it('lets the frozen and the prompted image tower share their first operations', async () => {
    const clip = randomClip(config('quick'), wordTokenizer as Tokenizer)
    const images = input('images', [2, 3, 32, 32])
    const options = ivlp.options.parse({ visionDepth: 2 })
    const specs = ivlp.parameters(options, clip)
    const prompts = ivlp.prompts(options, clip, (name) =>
      input(name, specs.find((s) => s.name === name)!.shape),
    )
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
