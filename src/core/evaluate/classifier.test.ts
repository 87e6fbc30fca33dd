import { afterAll, beforeAll, expect, it } from 'vitest'
import { randomTensor } from '../../../test/support/finite-differences.js'
import { learnedClasses, learnedRun } from '../../../test/support/learned-run.js'
import { loadModel } from '../../node/model.js'
import type { Model } from '../model.js'
import { createClassifier } from './create-classifier.js'

let model: Model
beforeAll(async () => {
  model = await loadModel('tiny', { threads: 1 })
})
afterAll(() => model.close())

/** With prompts in the image tower, with frozen features, and with texts for each image. */
const kinds = ['promptsrc', 'gda', 'cocoop'] as const

it.each(kinds)('a classifier of %s takes more images than its batch size', async (method) => {
  await using classifier = await createClassifier(await learnedRun(model, method), { batchSize: 2 })
  const images = randomTensor('images', [5, 3, 48, 48]).data
  const together = await classifier.classify(images)
  const { embedDim } = model.clip.config
  expect(together.features).toHaveLength(5 * embedDim)
  const one = images.length / 5
  const pairs = [await classifier.classify(images.subarray(0, 2 * one))]
  pairs.push(await classifier.classify(images.subarray(2 * one, 4 * one)))
  pairs.push(await classifier.classify(images.subarray(4 * one)))
  expect(together.logits).toEqual(Float32Array.from(pairs.flatMap(({ logits }) => [...logits])))
  expect(together.logits).toHaveLength(5 * learnedClasses.length)
})

it.each(kinds)('a classifier of %s refuses a part of an image', async (method) => {
  await using classifier = await createClassifier(await learnedRun(model, method), { batchSize: 2 })
  await expect(classifier.classify(new Float32Array(3 * 48 * 48 + 1))).rejects.toThrow(
    '6913 values are no whole number of images, of 6912 values each',
  )
})
