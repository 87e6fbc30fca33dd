import { describe, expect, it } from 'vitest'
import { evaluate, randomTensor } from '../../../test/support/finite-differences.js'
import { plainImage } from '../../../test/support/plain-clip.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import type { VisualPrompts } from '../clip/towers/tower.js'
import { mean, type Tensor, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { attentionMaps } from './image-attention.js'

const clip = randomClip(
  {
    embedDim: 48,
    activation: 'quick',
    vision: { kind: 'vit', resolution: 32, patchSize: 8, width: 128, layers: 4, heads: 2 },
    text: { contextLength: 24, vocabSize: 49408, width: 128, layers: 1, heads: 2 },
  },
  wordTokenizer as Tokenizer,
)
const tokens = 17
const count = 3
const constant = (name: string, shape: number[]) => {
  const data = randomTensor(name, shape).data
  return values(name, shape, data)
}
// Wide values, so that attention is far from even.
const images = values(
  'images',
  [2, 3, 32, 32],
  randomTensor('images', [2, 3, 32, 32]).data.map((x) => 9 * x),
)

function visual(depth: number): VisualPrompts | undefined {
  if (depth === 0) return undefined
  const prompt = (i: number) => constant(`prompt ${i}`, [count, 128])
  return { input: prompt(0), deep: Array.from({ length: depth - 1 }, (_, i) => prompt(i + 1)) }
}

describe.each([0, 1, 2, 4])('attention maps with visual prompts at %i blocks', (depth) => {
  it("are the plain tower's attention, block by block", async () => {
    const prompts = visual(depth)
    const maps = attentionMaps(clip.imageTower, images, prompts)
    const plain: Tensor[] = []
    plainImage(clip, images, prompts ? { visual: prompts } : undefined, (weights) => plain.push(weights))
    const outputs = await evaluate(
      Object.fromEntries([
        ...maps.map(({ weights }, i) => [`ours ${i}`, weights] as const),
        ...plain.map((weights, i) => [`plain ${i}`, mean(weights, [1])] as const),
      ]),
      {},
    )
    expect(maps).toHaveLength(4)
    for (const [i, { fresh }] of maps.entries()) {
      const { shape, data } = outputs[`ours ${i}`]!
      const [batch, queries, keys] = shape as [number, number, number]
      const expected = outputs[`plain ${i}`]!
      const all = expected.shape[2]!
      expect(keys).toBe(all)
      expect(fresh === 0 || fresh === count).toBe(true)
      expect(queries).toBe(i === 3 ? 1 : keys - fresh)
      let worst = 0
      for (let b = 0; b < batch; b++) {
        for (let q = 0; q < queries; q++) {
          for (let k = 0; k < keys; k++) {
            // The plain tower has its prompts behind the patches.
            const place = k < fresh ? tokens + k : k - fresh
            const difference =
              data[(b * queries + q) * keys + k]! - expected.data[(b * all + q) * all + place]!
            worst = Math.max(worst, Math.abs(difference))
          }
        }
      }
      expect(worst).toBeLessThan(1e-6)
      expect(Math.max(...data) - Math.min(...data), 'uneven enough to tell maps apart').toBeGreaterThan(1e-3)
    }
  })
})
