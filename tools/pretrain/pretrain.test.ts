import { expect, it } from 'vitest'
import { createTokenizer } from '../../src/core/tokenizer/tokenizer.js'
import { corpus } from '../../src/core/world/captions.js'
import { SIDE } from '../../src/core/world/render.js'
import { nodeRuntime } from '../../src/node/runtime/node-runtime.js'
import { pairBatch } from './batches.js'
import type { TransformerClipConfig } from './initialize.js'
import { pretrain } from './pretrain.js'
import { trainBpe } from './train-bpe.js'

const tokenizer = createTokenizer(trainBpe(corpus(), 200))
const config: TransformerClipConfig = {
  embedDim: 32,
  activation: 'quick',
  vision: { kind: 'vit', resolution: SIDE, patchSize: 16, width: 64, layers: 1, heads: 1 },
  text: { contextLength: 77, vocabSize: tokenizer.vocabSize, width: 64, layers: 1, heads: 1 },
}

it('targets give every picture and every caption a share of 1 among those that fit', () => {
  const { targets, targetsT } = pairBatch(1, 1, 24)
  for (const rows of [targets, targetsT]) {
    for (let i = 0; i < 24; i++) {
      const row = rows.subarray(i * 24, (i + 1) * 24)
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
      expect(row[i]).toBeGreaterThan(0)
    }
  }
})

it('contrastive training lowers the loss, the same way every time', async () => {
  const run = async () => {
    const losses: number[] = []
    await pretrain({
      config,
      tokenizer,
      runtime: nodeRuntime({ worker: false, threads: 1 }),
      seed: 1,
      steps: 12,
      batch: 16,
      texts: 16,
      pairs: (step) => pairBatch(1, step, 16),
      learningRate: 3e-3,
      warmupSteps: 2,
      weightDecay: 0.05,
      suffixLength: 15,
      onStep: (_step, loss) => {
        losses.push(loss)
      },
    })
    return losses
  }
  const losses = await run()
  const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length
  expect(mean(losses.slice(-4))).toBeLessThan(mean(losses.slice(0, 4)) - 0.02)
  expect(await run()).toEqual(losses)
})
