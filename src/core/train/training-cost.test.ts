import { expect, it } from 'vitest'
import { backbones, randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { configure, methodNamed } from '../methods/registry.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { Trainer } from './trainer.js'
import { secondsOf, trainingCost } from './training-cost.js'

const clip = randomClip(backbones['ViT-B/16']!, wordTokenizer as Tokenizer)

async function costOf(name: string, epochsLeft: number) {
  const chosen = methodNamed(name)
  const classNames = Array.from({ length: 10 }, (_, i) => `name of class${i}`)
  const method = configure({ method: chosen, methodOptions: chosen.options.parse({}), classNames }, clip)
  const step = await Trainer.plan({ method, batchSize: chosen.defaults.batchSize })
  return trainingCost({ method, step, examples: 160, stepsPerEpoch: 40, epochsLeft })
}

it('prompts cost their steps, and the teacher’s texts once', async () => {
  const cost = await costOf('promptsrc', 20)
  expect(cost.steps).toBe(800)
  expect(cost.flops.steps / 1e12).toBeCloseTo(324.2, 1)
  expect(cost.flops.images).toBe(0)
  // bench:savings counts 294 GFLOP, attention and padding with them, for names of other lengths.
  expect(cost.flops.texts / 1e9).toBeGreaterThan(150)
  expect(cost.flops.texts / 1e9).toBeLessThan(300)
  expect((await costOf('promptsrc', 5)).flops.steps).toBe(cost.flops.steps / 4)
})

it('methods on frozen features cost the views that they look at', async () => {
  const view = (await costOf('prolip', 1)).flops.images
  expect(view / 160 / 1e9).toBeCloseTo(32.7, 1)
  expect((await costOf('prolip', 5)).flops.images).toBe(5 * view)
  expect((await costOf('prolip', 300)).flops.images).toBe(20 * view)
  expect((await costOf('gda', 1)).flops.images / view).toBeCloseTo(10, 1)
})

it('time follows from the rate of plain products, and from the operators of small steps', async () => {
  const cost = await costOf('promptsrc', 20)
  expect(secondsOf(cost, { flops: 150e9 })).toBeGreaterThan(324e12 / 150e9)
  expect(secondsOf(cost, { flops: 1e18 })).toBeCloseTo(800 * 3383 * 8e-6, 0)
})
