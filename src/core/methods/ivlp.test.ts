import { describe, expect, it } from 'vitest'
import { randomClip, smallConfig, wordTokenizer } from '../../../test/support/random-clip.js'
import { Clip } from '../clip/clip.js'
import { input } from '../graph/index.js'
import { randomStream } from '../random.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { ivlp, type VlPromptOptions } from './ivlp.js'
import { textPrompts } from './prompted-features.js'
import { promptSrc } from './promptsrc.js'
import { methodNamed, registerMethod } from './registry.js'

const clip = randomClip(smallConfig, wordTokenizer as Tokenizer)
const configured = (options: VlPromptOptions, model = clip) => ivlp.configure(options, model, ['cat', 'dog'])
const shapesOf = (options: object) =>
  configured(ivlp.options.parse(options)).parameters.map(({ name, shape }) => `${name} ${shape.join('x')}`)

const wordsOf = (options: VlPromptOptions) => {
  const { parameters, prompts } = configured(options)
  const shapes = new Map(parameters.map(({ name, shape }) => [name, shape]))
  const entering = prompts!((name) => input(name, shapes.get(name)!))
  return textPrompts(entering, input('image', [1, 32]))[0]!.words
}

describe('vision-language prompts', () => {
  it('have the names and shapes of the reference, with prompts for existing blocks only', () => {
    expect(shapesOf({ textDepth: 9, visionDepth: 9, visionContext: 3 })).toEqual([
      'prompt_learner.ctx 4x64',
      'image_encoder.VPT 3x128',
      'image_encoder.transformer.resblocks.1.VPT_shallow 3x128',
      'image_encoder.transformer.resblocks.2.VPT_shallow 3x128',
      'text_encoder.transformer.resblocks.1.VPT_shallow 4x64',
    ])
  })

  it('leave the image tower alone at vision depth 0', () => {
    expect(shapesOf({ textDepth: 1, visionDepth: 0 })).toEqual(['prompt_learner.ctx 4x64'])
  })

  it('start from the embeddings of the words, and keep fewer vectors than words', async () => {
    const options = ivlp.options.parse({ textContext: 2 })
    const [context] = configured(options).parameters
    const ids = wordTokenizer.tokenize('a photo of a').slice(1, 3)
    expect(await context!.init(randomStream(1))).toEqual(await clip.embedTokens(ids))
    expect(wordsOf(options)).toBe('a photo of a')
  })

  it('are random with a placeholder where there are more than four vectors', async () => {
    const options = ivlp.options.parse({ textContext: 6 })
    expect(wordsOf(options)).toBe('X X X X X X')
    const [context] = configured(options).parameters
    const drawn = await context!.init(randomStream(1, 'a'))
    expect(await context!.init(randomStream(1, 'a'))).toEqual(drawn)
    const std = Math.sqrt(drawn.reduce((sum, x) => sum + x * x, 0) / drawn.length)
    expect(std).toBeGreaterThan(0.015)
    expect(std).toBeLessThan(0.025)
  })

  it('are refused on a ResNet image tower unless the vision depth is 0', () => {
    const resnet = new Clip({
      ...clip,
      config: {
        ...smallConfig,
        vision: { kind: 'resnet', resolution: 64, width: 8, stages: [1, 1, 1, 1], heads: 4 },
      },
    })
    expect(() => configured(ivlp.options.parse({}), resnet)).toThrow(/Vision Transformer/)
    expect(configured(ivlp.options.parse({ visionDepth: 0 }), resnet).parameters.length).toBeGreaterThan(0)
  })
})

describe('the registry', () => {
  it('finds methods by name and names those there are', () => {
    expect(methodNamed('promptsrc')).toBe(promptSrc)
    expect(() => methodNamed('toString')).toThrow(/unknown method "toString"; there are promptsrc, ivlp/)
  })

  it('takes further methods, but none under a name that is taken', () => {
    expect(() => registerMethod({ ...ivlp, name: 'coop' })).toThrow(/already \(CoOp\)/)
    const own = { ...ivlp, name: 'own-prompts' }
    registerMethod(own)
    expect(methodNamed('own-prompts')).toBe(own)
  })

  it('has the published defaults of PromptSRC', () => {
    expect(promptSrc.options.parse({})).toMatchObject({
      textLossWeight: 25,
      imageLossWeight: 10,
      logitsLossWeight: 1,
      gpaMean: 15,
      gpaStd: 1,
      textContext: 4,
      visionContext: 4,
      textDepth: 9,
      visionDepth: 9,
    })
    expect(promptSrc.defaults).toEqual({ epochs: 20, batchSize: 4, learningRate: 0.0025, shots: 16 })
  })
})
