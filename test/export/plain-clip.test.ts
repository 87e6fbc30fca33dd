import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AutoConfig, AutoProcessor, AutoTokenizer, RawImage } from '@huggingface/transformers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { zeroShotClassifier } from '../../src/core/evaluate/classifier.js'
import { createClassifier } from '../../src/core/evaluate/create-classifier.js'
import { MANIFEST, readManifest } from '../../src/core/export/manifest.js'
import { normalize, testTransform } from '../../src/core/image/preprocess.js'
import type { RgbImage } from '../../src/core/image/resize.js'
import type { Model } from '../../src/core/model.js'
import { readRegularText } from '../../src/node/files/regular-file.js'
import { loadModel } from '../../src/node/model.js'
import { drawnDataset } from '../../src/node/world/drawn-sets.js'
import { learnedRun } from '../support/learned-run.js'
import { relativeError, writtenExport } from '../support/written-export.js'

const names = ['a blue whale', 'red square', 'ring']

let model: Model
let images: readonly RgbImage[]
beforeAll(async () => {
  model = await loadModel('tiny', { threads: 1 })
  images = await Promise.all(
    drawnDataset('toy')
      .test.slice(0, 4)
      .map((picture) => picture.load()),
  )
})
afterAll(() => model.close())

/** Normalised pixels of the pictures, [4, 3, R, R]. */
function pixels(): Float32Array {
  const { preprocessing } = model.clip
  const one = 3 * preprocessing.size ** 2
  const all = new Float32Array(images.length * one)
  for (const [i, image] of images.entries()) {
    normalize(testTransform(image, preprocessing), preprocessing, all, i * one)
  }
  return all
}

it.for(['prolip', 'clip-lora', 'skip-tuning'])(
  'the CLIP that %s made is loaded from either folder, and answers as the run',
  async (method) => {
    const run = await learnedRun(model, method)
    const folder = await writtenExport(run, 'clip')
    await using own = await createClassifier(run, { classNames: names })
    const expected = (await own.classify(pixels())).logits
    const { template } = readManifest(folder, await readRegularText(join(folder, MANIFEST)))
    for (const part of ['huggingface', 'open_clip']) {
      await using plain = await loadModel(join(folder, part), { threads: 1 })
      const { clip, runtime } = plain
      await using classifier = await zeroShotClassifier({ clip, runtime, classNames: names }, [template!])
      const { logits } = await classifier.classify(pixels())
      expect(relativeError(logits, expected), part).toBeLessThan(1e-5)
    }
    await rm(dirname(folder), { recursive: true })
  },
)

it('transformers.js reads the configuration, tokens and pixels of the Hugging Face folder', async () => {
  const folder = await writtenExport(await learnedRun(model, 'prolip'), 'clip')
  const path = join(folder, 'huggingface')
  expect(await AutoConfig.from_pretrained(path)).toMatchObject({
    model_type: 'clip',
    vision_config: { image_size: 48 },
  })
  const tokenizer = await AutoTokenizer.from_pretrained(path)
  for (const name of names) {
    const text = `a photo of a ${name}.`
    expect(Array.from(tokenizer(text).input_ids.data as BigInt64Array, Number)).toEqual([
      ...model.clip.tokenizer.tokenize(text),
    ])
  }
  const { data, width, height } = images[0]!
  const processor = await AutoProcessor.from_pretrained(path)
  expect((await processor(new RawImage(data, width, height, 3))).pixel_values.dims).toEqual([1, 3, 48, 48])
  await rm(dirname(folder), { recursive: true })
})
