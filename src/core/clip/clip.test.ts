import { expect, it } from 'vitest'
import { evaluate, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { encodeGraph, input, mul, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { Clip } from './clip.js'
import { promptedText } from './prompted-text.js'

const one = randomClip(
  {
    embedDim: 32,
    activation: 'quick',
    vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 64, layers: 2, heads: 1 },
    text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
  },
  wordTokenizer as Tokenizer,
)
/** The same architecture and names with other weights. */
const other = new Clip({
  ...one,
  tensors: {
    shape: one.tensors.shape,
    read: async (name) => (await one.tensors.read(name)).map((value) => 1.5 * value),
    readRows: async (name, rows) => (await one.tensors.readRows(name, rows)).map((value) => 1.5 * value),
  },
})
const images = randomTensor('images', [2, 3, 32, 32])
const context = values('context', [4, 64], randomTensor('context', [4, 64]).data)
const classNames = ['cat', 'lily of the valley']
const words = 'a photo of a'

const image = (clip: Clip) => mul(clip.imageFeatures(input('images', images.shape)), clip.logitScale())
const text = (clip: Clip) => promptedText(clip, { context, words }, classNames)

it('two models stand in one graph, each with its own weights', async () => {
  const both = await evaluate(
    { image: image(one), text: text(one), otherImage: image(other), otherText: text(other) },
    { images },
  )
  const alone = await evaluate({ image: image(one), text: text(one) }, { images })
  const otherAlone = await evaluate({ image: image(other), text: text(other) }, { images })
  expect(both.image).toEqual(alone.image)
  expect(both.text).toEqual(alone.text)
  expect(both.otherImage).toEqual(otherAlone.image)
  expect(both.otherText).toEqual(otherAlone.text)
  expect(both.image).not.toEqual(both.otherImage)
  expect(both.text).not.toEqual(both.otherText)
})

it('one model taken twice in a graph is there once', async () => {
  const once = await encodeGraph({ image: image(one), text: text(one) })
  const twice = await encodeGraph({ a: image(one), b: image(one), c: text(one), d: text(one) })
  expect(twice.files[0]!.weights).toHaveLength(once.files[0]!.weights.length)
  expect(twice.flops).toBe(once.flops)
})
