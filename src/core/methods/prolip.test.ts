import { expect, it } from 'vitest'
import { evaluate, gradientError, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import { Clip } from '../clip/clip.js'
import type { ClipConfig } from '../clip/config.js'
import { promptedClassifier, zeroShotClassifier } from '../evaluate/classifier.js'
import { l2Normalize, values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import type { StepInputs } from './method.js'
import { prolip } from './prolip.js'
import { configure } from './registry.js'

const config: ClipConfig = {
  embedDim: 8,
  activation: 'quick',
  vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 64, layers: 2, heads: 1 },
  text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
}
const clip = randomClip(config, wordTokenizer as Tokenizer)
const runtime = nodeRuntime({ threads: 1, worker: false })
const classNames = ['cat', 'dog', 'fox']
const configured = (given: object = {}) =>
  configure({ method: prolip, methodOptions: prolip.options.parse(given), classNames }, clip)

it('has the gradient of finite differences, the pull to the start included', async () => {
  const text = l2Normalize(values('text', [3, 8], randomTensor('text', [3, 8]).data))
  const labels = values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 0, 1))
  const images = values('images', [2, 64], randomTensor('images', [2, 64]).data)
  const inputs = { images, labels, frozen: { text }, shots: 4 }
  const error = await gradientError(
    ([weight]) =>
      configured().step({ ...inputs, parameter: () => weight! } as unknown as StepInputs).terms.total,
    [randomTensor('weight', [64, 8], -0.3, 0.3)],
    3e-3,
  )
  expect(error).toBeLessThan(1e-2)
})

it('weighs the distance by one over the images a class, or as told', async () => {
  const weight = values('weight', [64, 8], randomTensor('weight', [64, 8]).data)
  const own = await clip.tensors.read('visual.proj')
  const moved = randomTensor('weight', [64, 8]).data.reduce((sum, w, i) => sum + (w - own[i]!) ** 2, 0)
  const distance = async (given: object) => {
    const inputs = {
      images: values('images', [1, 64], randomTensor('images', [1, 64]).data),
      labels: values('labels', [1, 3], Float32Array.of(1, 0, 0)),
      frozen: { text: values('text', [3, 8], randomTensor('text', [3, 8]).data) },
      shots: 4,
      parameter: () => weight,
    }
    const { terms } = configured(given).step(inputs as unknown as StepInputs)
    return (await evaluate({ y: terms.distance! })).y!.data[0]! / moved
  }
  expect(await distance({})).toBeCloseTo(1 / 4, 4)
  expect(await distance({ distanceWeight: 0.7 })).toBeCloseTo(0.7, 4)
})

it('is zero-shot CLIP where nothing was learned, and a plain CLIP of the learned weight', async () => {
  const images = randomTensor('pixels', [2, 3, 32, 32]).data
  const logits = async (weight: Float32Array) => {
    const learned = { method: configured(), parameters: new Map([['visual.proj', weight]]) }
    const classifier = await promptedClassifier({ clip, runtime, classNames: ['owl', 'cat'] }, learned)
    return (await classifier.classify(images)).logits
  }
  const zeroShot = async (model: Clip) => {
    const classifier = await zeroShotClassifier({ clip: model, runtime, classNames: ['owl', 'cat'] }, [
      'a photo of a {}.',
    ])
    return (await classifier.classify(images)).logits
  }
  const own = await clip.tensors.read('visual.proj')
  const trained = own.map((w, i) => w + (i % 5) / 10)
  const plain = new Clip({
    ...clip,
    tensors: {
      shape: (name) => clip.tensors.shape(name),
      readRows: (name, rows) => clip.tensors.readRows(name, rows),
      read: async (name) => (name === 'visual.proj' ? trained : clip.tensors.read(name)),
    },
  })
  for (const [found, expected] of [
    [await logits(own), await zeroShot(clip)],
    [await logits(trained), await zeroShot(plain)],
  ] as const) {
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 4)
  }
  expect(await logits(trained)).not.toEqual(await logits(own))
})
