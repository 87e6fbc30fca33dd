import { describe, expect, it } from 'vitest'
import { evaluate, randomTensor } from '../../../test/support/finite-differences.js'
import { backbones, randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { Clip } from '../clip/clip.js'
import type { ClipConfig } from '../clip/config.js'
import { graphCost, input, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { stepGraph } from '../train/step-graph.js'
import { sizedParameters } from './parameter-shape.js'
import { configure, methodNamed } from './registry.js'
import { classFilter, keptRanks } from './skip-tuning.js'

const config: ClipConfig = {
  embedDim: 24,
  activation: 'quick',
  vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 128, layers: 3, heads: 2 },
  text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 3, heads: 1 },
}
const clip = randomClip(config, wordTokenizer as Tokenizer)
const method = methodNamed('skip-tuning')
const configured = (given: object, classNames: readonly string[], model = clip) =>
  configure({ method, methodOptions: method.options.parse(given), classNames }, model)

it('trains the blocks from one on, the norms behind them and the projections, and nothing below', () => {
  const names = configured({ block: 3 }, ['cat', 'dog']).parameters.map(({ name }) => name)
  const outside = names.filter((name) => !name.includes('resblocks.2.')).sort()
  expect(names.filter((name) => name.includes('resblocks.2.'))).toHaveLength(2 * 12)
  expect(outside).toEqual([
    'ln_final.bias',
    'ln_final.weight',
    'text_projection',
    'visual.ln_post.bias',
    'visual.ln_post.weight',
    'visual.proj',
  ])
})

it.each([undefined, 2])(
  'goes on from the states of any block as the whole towers do (frames: %s)',
  async (frames) => {
    const model = frames === undefined ? clip : new Clip({ ...clip, config: { ...config, frames } })
    const images = randomTensor('images', [2, 3 * (frames ?? 1), 32, 32])
    const pixels = input('images', images.shape)
    const { imageTower } = model
    const ways = Object.fromEntries(
      [0, 1, 2].map((b) => [`${b}`, imageTower.pooledFrom!(imageTower.states!(pixels, b), b)]),
    )
    const found = await evaluate({ whole: imageTower.pooled(pixels), ...ways }, { images })
    for (const b of [0, 1, 2]) {
      for (const [i, value] of found[b]!.data.entries()) expect(value).toBeCloseTo(found.whole!.data[i]!, 5)
    }
  },
)

describe('the ranks that are read', () => {
  const published = { share: 0.5, most: 50, scale: 0.3 }
  it('are half of the classes, at most 50, and few behind them', () => {
    for (const [classes, first] of [
      [10, 5],
      [100, 50],
      [500, 50],
    ] as const) {
      const ranks = keptRanks(published, classes, 4)
      expect(ranks.slice(0, first)).toEqual(Array.from({ length: first }, (_, i) => i))
      // The density leaves 6 % of the others on average.
      expect(ranks.length - first).toBeGreaterThan(0)
      expect(ranks.length - first).toBeLessThan(0.15 * (classes - first) + 1)
      expect(keptRanks(published, classes, 4)).toEqual(ranks)
    }
  })

  it("have room for a batch's own classes, however many these are", () => {
    expect(keptRanks({ ...published, share: 0.1 }, 20, 8).slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(keptRanks(published, 1, 4)).toEqual([0])
    expect(keptRanks({ ...published, share: 1 }, 30, 4)).toHaveLength(30)
  })
})

it("reads a batch's own classes first, then by the nearest image, ties in the classes' order", async () => {
  const similarity = values('s', [2, 5], Float32Array.of(0.1, 0.9, 0.5, 0.5, -0.2, 0.3, -0.9, 0.1, 0.5, -0.1))
  const labels = values('l', [2, 5], Float32Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 1))
  // Class 4 is the batch's; then 1 (0.9), 2 and 3 (0.5 both), 0 (0.3).
  const { chosen } = await evaluate({ chosen: classFilter(similarity, labels, [0, 1, 3, 4]) })
  const rows = [4, 1, 3, 0].flatMap((c) => [0, 1, 2, 3, 4].map((i) => (i === c ? 1 : 0)))
  expect([...chosen!.data]).toEqual(rows)
})

it('says which models its blocks can be entered of', () => {
  const resnet = new Clip({
    ...clip,
    config: {
      ...config,
      vision: { kind: 'resnet', resolution: 64, width: 8, stages: [1, 1, 1, 1], heads: 4 },
    },
  })
  expect(() => configured({ block: 2 }, ['cat'], resnet)).toThrow(/weights of a ResNet image tower/)
})

describe('what a step takes at ViT-B/16', () => {
  const large = randomClip(backbones['ViT-B/16']!, wordTokenizer as Tokenizer)
  const cost = (name: string, classes: number, given: object = {}) => {
    const { options } = methodNamed(name)
    const classNames = Array.from({ length: classes }, (_, i) => `name of class${i}`)
    const choice = { method: methodNamed(name), methodOptions: options.parse(given), classNames }
    const configuration = configure(choice, large)
    const parameters = sizedParameters(configuration.parameters)
    return graphCost(stepGraph({ method: configuration, parameters, batchSize: 4, shots: 16 }))
  }
  it.each([
    [50, 189.3, 401],
    [500, 203.7, 402],
  ])('with %i classes: %f GFLOP in products, %f MB of values at once', (classes, gflop, megabytes) => {
    const found = cost('skip-tuning', classes)
    expect(found.flops / 1e9).toBeCloseTo(gflop, 1)
    expect(found.peakBytes / 1e6).toBeCloseTo(megabytes, 0)
  })

  it('is less than half of fine-tuning all of both towers, and its frozen blocks are no part of it', () => {
    expect(cost('skip-tuning', 50).flops).toBeLessThan(0.5 * cost('fine-tune', 50).flops)
    // Upper towers alone, without the embeddings and the blocks below.
    expect(cost('skip-tuning', 50).weightBytes).toBeLessThan(1e6)
  })
})
