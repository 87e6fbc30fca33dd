import { describe, expect, it } from 'vitest'
import { gradientError, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import type { ClipConfig } from '../clip/config.js'
import { promptedClassifier, zeroShotClassifier } from '../evaluate/classifier.js'
import { l2Normalize, values } from '../graph/index.js'
import { randomStream } from '../random.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import type { StepInputs } from './method.js'
import { configure } from './registry.js'
import { tipAdapterF, tipAdapterFree } from './tip-adapter.js'

const config: ClipConfig = {
  embedDim: 8,
  activation: 'quick',
  vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 64, layers: 2, heads: 1 },
  text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
}
const clip = randomClip(config, wordTokenizer as Tokenizer)
const runtime = nodeRuntime({ threads: 1, worker: false })
const classNames = ['cat', 'dog', 'fox']
const labels = Int32Array.of(0, 2, 1, 0, 2)
const views = [1, 2].map((v) => randomTensor(`view ${v}`, [5, 8]).data)
const examples = { labels, text: undefined, view: async (v: number) => views[v - 1]! }
const options = tipAdapterFree.options.parse({ alpha: 1.5, beta: 2, views: 2 })
const method = configure({ method: tipAdapterFree, methodOptions: options, classNames }, clip)
const initial = async () => {
  const entries = method.parameters.map(async ({ name, init }) => [
    name,
    await init(randomStream(1), examples),
  ])
  return new Map((await Promise.all(entries)) as [string, Float32Array][])
}

describe('the cache', () => {
  it('has the mean of each image’s views at length 1 for its key', async () => {
    const keys = (await initial()).get('adapter.weight')!
    for (let i = 0; i < 5; i++) {
      const mean = Array.from({ length: 8 }, (_, d) => (views[0]![i * 8 + d]! + views[1]![i * 8 + d]!) / 2)
      const length = Math.hypot(...mean)
      for (let d = 0; d < 8; d++) expect(keys[i * 8 + d]!).toBeCloseTo(mean[d]! / length, 5)
    }
  })

  it('adds alpha exp(-beta (1 - f F^T)) V to zero-shot logits, and nothing to classes that were not trained', async () => {
    const parameters = await initial()
    const names = ['owl', 'fox', 'cat']
    const images = randomTensor('pixels', [2, 3, 32, 32]).data
    const classifier = await promptedClassifier({ clip, runtime, classNames: names }, { method, parameters })
    const { logits, features } = await classifier.classify(images)
    const plain = await zeroShotClassifier({ clip, runtime, classNames: names }, ['a photo of a {}.'])
    const zeroShot = (await plain.classify(images)).logits
    const keys = parameters.get('adapter.weight')!
    for (let b = 0; b < 2; b++) {
      for (const [c, name] of names.entries()) {
        let cached = 0
        for (const [i, label] of labels.entries()) {
          if (classNames[label] !== name) continue
          let cosine = 0
          for (let d = 0; d < 8; d++) cosine += features[b * 8 + d]! * keys[i * 8 + d]!
          cached += 1.5 * Math.exp(-2 * (1 - cosine))
        }
        expect(logits[b * 3 + c]! - zeroShot[b * 3 + c]!).toBeCloseTo(cached, 4)
      }
    }
    expect(logits[0]).toBe(zeroShot[0])
  })
})

it('trains keys by the gradient of finite differences, and labels not at all', async () => {
  const trained = configure({ method: tipAdapterF, methodOptions: options, classNames }, clip)
  expect(trained.parameters.map(({ trained = true }) => trained)).toEqual([true, false])
  const text = l2Normalize(values('text', [3, 8], randomTensor('text', [3, 8]).data))
  const known = values('labels of keys', [5], Float32Array.from(labels))
  const error = await gradientError(
    ([keys]) =>
      trained.step({
        images: values('images', [2, 8], randomTensor('images', [2, 8]).data),
        labels: values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 0, 1)),
        frozen: { text },
        parameter: (name: string) => (name === 'adapter.weight' ? keys! : known),
      } as unknown as StepInputs).terms.total,
    [randomTensor('keys', [5, 8])],
    3e-3,
  )
  expect(error).toBeLessThan(1e-2)
})
