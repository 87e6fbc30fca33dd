import { expect, it } from 'vitest'
import { gradientError, randomTensor } from '../../../test/support/finite-differences.js'
import { randomClip, wordTokenizer } from '../../../test/support/random-clip.js'
import { nodeRuntime } from '../../node/runtime/node-runtime.js'
import type { ClipConfig } from '../clip/config.js'
import { promptedClassifier, zeroShotClassifier } from '../evaluate/classifier.js'
import { values } from '../graph/index.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import type { StepInputs } from './method.js'
import { configure, methodNamed, withLearnedWeights } from './registry.js'

const config: ClipConfig = {
  embedDim: 16,
  activation: 'quick',
  vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 64, layers: 2, heads: 1 },
  text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
}
const clip = randomClip(config, wordTokenizer as Tokenizer)
const runtime = nodeRuntime({ threads: 1, worker: false })
const trained = ['cat', 'dog', 'fox']
const ROWS = 'classifier.weight'
const method = methodNamed('2sfs')
const configured = (given: object = {}) =>
  configure({ method, methodOptions: method.options.parse(given), classNames: trained }, clip)

/** Moved layer norms, and class weights: none, or some. */
async function learned(rows?: Float32Array): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>()
  for (const { name, shape, init } of configured().parameters) {
    const own = await init(undefined as never)
    const moved = randomTensor(name, shape).data
    found.set(name, name === ROWS ? (rows ?? own) : own.map((value, i) => value + 0.1 * moved[i]!))
  }
  return found
}

it.each([
  ['layernorm', 2 * (2 * 2 + 1) + 2 * (2 * 2 + 2)],
  ['bias', 2 * 6 + 1 + 2 * 6 + 2],
  ['lora', 2 * 2 * 3 * 2],
])('trains by choice of %s so many tensors first, and class weights then', (tuned, tensors) => {
  const first = configured({ tuned })
  const names = (specs: typeof first.parameters) =>
    specs.filter(({ trained }) => trained !== false).map(({ name }) => name)
  expect(names(first.parameters)).toHaveLength(tensors)
  const second = first.next!.configure(clip, new Map())
  expect(names(second.parameters)).toEqual([ROWS])
  expect(second.parameters.map(({ name }) => name)).toEqual(first.parameters.map(({ name }) => name))
})

it('has in the second stage the gradient of finite differences', async () => {
  const second = configured().next!.configure(clip, new Map())
  const error = await gradientError(
    ([rows]) =>
      second.step({
        images: values('images', [2, 16], randomTensor('features', [2, 16]).data),
        labels: values('labels', [2, 3], Float32Array.of(1, 0, 0, 0, 0, 1)),
        parameter: () => rows!,
      } as unknown as StepInputs).terms.total,
    [randomTensor('rows', [3, 16])],
    3e-3,
  )
  expect(error).toBeLessThan(1e-2)
})

it('recognises trained classes by their weights and others by their texts in the tuned tower', async () => {
  const images = randomTensor('images', [2, 3, 32, 32]).data
  const classNames = ['owl', 'fox', 'lily of the valley', 'cat']
  const logitsOf = async (parameters: Map<string, Float32Array>) => {
    const classifier = await promptedClassifier(
      { clip, runtime, classNames },
      { method: configured(), parameters },
    )
    return classifier.classify(images)
  }
  const tuned = withLearnedWeights(configured(), await learned()).clip
  const texts = await zeroShotClassifier({ clip: tuned, runtime, classNames }, ['a photo of a {}.'])
  const { logits: byText, features } = await texts.classify(images)
  const before = (await logitsOf(await learned())).logits
  for (const [i, value] of before.entries()) expect(value).toBeCloseTo(byText[i]!, 4)

  const rows = randomTensor('rows', [3, 16]).data
  const { logits } = await logitsOf(await learned(rows))
  const scale = Math.exp((await clip.tensors.read('logit_scale'))[0]!)
  for (const [c, name] of classNames.entries()) {
    const row = trained.indexOf(name)
    for (let image = 0; image < 2; image++) {
      const own = rows.subarray(row * 16, (row + 1) * 16)
      const cosine = own.reduce((sum, w, d) => sum + w * features[image * 16 + d]!, 0) / Math.hypot(...own)
      const expected = row < 0 ? byText[image * 4 + c]! : scale * cosine
      expect(logits[image * 4 + c]!, name).toBeCloseTo(expected, 3)
    }
  }
})
