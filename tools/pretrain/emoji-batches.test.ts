import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../src/core/tokenizer/tokenizer.js'
import { spriteOf } from '../../src/core/world/emoji/sprite.js'
import { nodeRuntime } from '../../src/node/runtime/node-runtime.js'
import { emojiCorpus, emojiPairs } from './emoji-batches.js'
import type { TransformerClipConfig } from './initialize.js'
import { type PretrainState, pretrain } from './pretrain.js'
import { trainBpe } from './train-bpe.js'

const square = (value: number) =>
  spriteOf({ width: 16, height: 16, data: new Uint8Array(16 * 16 * 4).fill(value) })
const concepts = [
  { name: 'pear', tags: ['fruit'], sprites: [square(200), square(100)] },
  { name: 'kiwi', tags: ['fruit', 'green'], sprites: [square(150)] },
  { name: 'boat', tags: ['water'], sprites: [square(250), square(50)] },
]
const pairs = emojiPairs(concepts, { seed: 1, batch: 6, texts: 3 })

describe('pre-training pairs', () => {
  it('show every caption of a step twice, and divide what is true among what it is true of', () => {
    for (let step = 1; step <= 20; step++) {
      const { images, captions, targets, targetsT, imageThings, textThings } = pairs(step, 16)
      expect([images.length, captions.length]).toEqual([6, 3])
      for (const [values, columns] of [
        [targets, 3],
        [targetsT, 6],
        [imageThings!, 3],
        [textThings!, 3],
      ] as const) {
        for (let i = 0; i < values.length; i += columns) {
          const row = values.subarray(i, i + columns)
          expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5)
        }
      }
    }
  })

  it('are the same for the same step, whatever came before', () => {
    const [one, other] = [pairs(3, 16), emojiPairs(concepts, { seed: 1, batch: 6, texts: 3 })(3, 16)]
    expect(other.captions).toEqual(one.captions)
    expect(other.images[5]!.data).toEqual(one.images[5]!.data)
    expect(pairs(4, 16).captions).not.toEqual(one.captions)
  })

  it('use a keyword alone only where several things have it, and then for all of them', () => {
    const words: string[] = []
    for (let step = 1; step <= 150; step++) {
      const { captions, textThings } = pairs(step, 8)
      for (const [j, caption] of captions.entries()) {
        const fits = textThings!.subarray(3 * j, 3 * j + 3).filter((share) => share > 0).length
        expect(caption).not.toMatch(/green|water/)
        if (fits === 2) expect(caption).not.toMatch(/pear|kiwi/)
        words.push(fits === 2 ? 'fruit' : 'name')
      }
    }
    expect(new Set(words)).toEqual(new Set(['fruit', 'name']))
  })
})

describe('a pre-training with anchors that begins with smaller pictures', () => {
  const tokenizer = createTokenizer(trainBpe(emojiCorpus(concepts), 20))
  const config: TransformerClipConfig = {
    embedDim: 16,
    activation: 'quick',
    vision: { kind: 'vit', resolution: 32, patchSize: 8, width: 64, layers: 1, heads: 1 },
    text: { contextLength: 77, vocabSize: tokenizer.vocabSize, width: 64, layers: 1, heads: 1 },
  }
  const run = async (from?: PretrainState) => {
    const states: PretrainState[] = []
    const losses: number[] = []
    const weights = await pretrain({
      ...{ config, tokenizer, pairs, seed: 1, steps: 6, batch: 6, texts: 3, learningRate: 1e-3 },
      ...{ warmupSteps: 2, weightDecay: 0.05, suffixLength: 20, things: 3, from },
      phases: [{ resolution: 16, until: 4 }],
      runtime: nodeRuntime({ worker: false, threads: 1 }),
      onStep: (_step, loss, state) => {
        losses.push(loss)
        states.push(structuredClone(state))
      },
    })
    return { states, losses, weights }
  }

  it.each([2, 3, 5])('goes on after step %d as if it had not been stopped, to the bit', async (step) => {
    const whole = await run()
    const rest = await run(whole.states[step - 1])
    expect(rest.losses).toEqual(whole.losses.slice(step))
    expect([...rest.weights]).toEqual([...whole.weights])
    expect(whole.weights.get('visual.positional_embedding')!.shape).toEqual([17, 64])
    expect(whole.weights.has('anchors')).toBe(false)
  })
})
