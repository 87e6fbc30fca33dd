import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  AutoModelForImageClassification,
  AutoProcessor,
  AutoTokenizer,
  CLIPTextModelWithProjection,
  CLIPVisionModelWithProjection,
  pipeline,
  RawImage,
  type Tensor,
} from '@huggingface/transformers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Run } from '../../src/core/evaluate/create-classifier.js'
import { precisions } from '../../src/core/export/exporter.js'
import type { RgbImage } from '../../src/core/image/resize.js'
import type { Model } from '../../src/core/model.js'
import { loadModel } from '../../src/node/model.js'
import { drawnDataset } from '../../src/node/world/drawn-sets.js'
import { learnedRun } from '../support/learned-run.js'
import { agreement, predictedLogits, relativeError, tops, writtenExport } from '../support/written-export.js'

const data = drawnDataset('toy')
const { classNames } = data
/** A sixth of the test pictures. */
const pictures = data.test.filter((_, i) => i % 6 === 0)
const labels = pictures.map(({ label }) => label)
/** The machine may be at other work. */
const patience = 240_000

const folders: string[] = []
let model: Model
let images: readonly RgbImage[]
beforeAll(async () => {
  model = await loadModel('tiny', { threads: 1 })
  images = await Promise.all(pictures.map((picture) => picture.load()))
})
afterAll(async () => {
  await model.close()
  for (const folder of folders) await rm(dirname(folder), { recursive: true })
})

async function exported(run: Run, format: string): Promise<string> {
  const folder = await writtenExport(run, format, { precisions })
  folders.push(folder)
  return folder
}

const raw = ({ data, width, height }: RgbImage) => new RawImage(data, width, height, 3)

/** Images as the processor of a folder makes them, batch by batch. */
async function processed(folder: string, some: readonly RgbImage[]): Promise<unknown[]> {
  const processor = await AutoProcessor.from_pretrained(folder)
  const batches: unknown[] = []
  for (let i = 0; i < some.length; i += 32) batches.push(await processor(some.slice(i, i + 32).map(raw)))
  return batches
}

/** All values of what a model gives for batches. */
async function allValues(
  batches: readonly unknown[],
  call: (batch: unknown) => Promise<Tensor>,
): Promise<number[]> {
  const values: number[] = []
  for (const batch of batches) {
    for (const value of (await call(batch)).data as Float32Array) values.push(value)
  }
  return values
}

it.for([
  ['promptsrc', 200],
  ['cocoop', 50],
  ['tip-adapter', 100],
] as const)(
  'a run of %s with fixed classes answers as predict does',
  { timeout: patience },
  async ([name, count], { annotate }) => {
    const run = await learnedRun(model, name, {}, classNames)
    const folder = await exported(run, 'transformers-js')
    const some = images.filter((_, i) => i % (images.length / count) === 0)
    const truth = labels.filter((_, i) => i % (images.length / count) === 0)
    const expected = await predictedLogits(run, some)
    const accuracy = agreement(tops(expected, classNames.length), truth)
    const batches = await processed(folder, some)
    for (const dtype of precisions) {
      const classify = await AutoModelForImageClassification.from_pretrained(folder, { dtype })
      const found = await allValues(batches, async (batch) => (await classify(batch)).logits)
      await classify.dispose()
      const error = relativeError(found, expected)
      const answers = tops(found, classNames.length)
      const same = agreement(answers, tops(expected, classNames.length))
      const own = agreement(answers, truth)
      await annotate(
        `${name} ${dtype}: logits to ${error.toExponential(1)}, ${same.toFixed(2)} % of the same class, accuracy ${own.toFixed(2)} % for ${accuracy.toFixed(2)} %`,
      )
      if (dtype === 'fp32') expect(error).toBeLessThan(1e-4)
      expect(Math.abs(own - accuracy)).toBeLessThanOrEqual(1)
    }
  },
)

it('pipelines take the folders as they take models of the Hub', async () => {
  const run = await learnedRun(model, 'promptsrc', {}, classNames)
  const some = images.slice(0, 4)
  const asProbabilities = async (names: readonly string[]) => {
    const logits = await predictedLogits(run, some, names)
    return some.map((_, i) => {
      const row = [...logits.subarray(i * names.length, (i + 1) * names.length)]
      const powers = row.map((x) => Math.exp(x - Math.max(...row)))
      const sum = powers.reduce((a, b) => a + b)
      return new Map(powers.map((x, c) => [names[c], x / sum]))
    })
  }
  const expectLike = (
    answers: readonly { label: string; score: number }[],
    expected: Map<string | undefined, number>,
  ) => {
    expect(answers).toHaveLength(expected.size)
    for (const { label, score } of answers) expect(score).toBeCloseTo(expected.get(label)!, 4)
  }
  const fixed = await pipeline('image-classification', await exported(run, 'transformers-js'), {
    dtype: 'fp32',
  })
  const known = await asProbabilities(classNames)
  for (const [i, image] of some.entries()) {
    expectLike(await fixed(raw(image), { top_k: classNames.length }), known[i]!)
  }
  await fixed.dispose()

  const folder = await exported(run, 'transformers-js-open')
  const open = await pipeline('zero-shot-image-classification', folder, { dtype: 'fp32' })
  const names = ['a blue whale', 'Café', 'very long name of a class that nobody has ever trained']
  const asked = await asProbabilities(names)
  const hypothesis_template = 'a photo of a {}.'
  for (const [i, image] of some.entries()) {
    expectLike(await open(raw(image), names, { hypothesis_template }), asked[i]!)
  }
  await open.dispose()
})

it('the two towers of a run with any classes are CLIP’s, in every precision', { timeout: patience }, async ({
  annotate,
}) => {
  const run = await learnedRun(model, 'promptsrc', {}, classNames)
  const folder = await exported(run, 'transformers-js-open')
  const some = images.filter((_, i) => i % 2 === 0)
  const truth = labels.filter((_, i) => i % 2 === 0)
  const names = classNames.map((name) => name.replaceAll(' ', ', '))
  const expected = await predictedLogits(run, some, names)
  const accuracy = agreement(tops(expected, names.length), truth)
  const tokenizer = await AutoTokenizer.from_pretrained(folder)
  const texts = tokenizer(
    names.map((name) => `a photo of a ${name}.`),
    { padding: true, truncation: true },
  )
  for (const text of ["it's  TWO  o’clock — 12:30", 'ÀÉÎ ﬁ ½ ١٢', '日本語 🦊', '', 'word '.repeat(20)]) {
    const { input_ids } = tokenizer(text, { padding: true, truncation: true })
    const own = model.clip.tokenizer.tokenize(text)
    expect(Array.from(input_ids.data as BigInt64Array, Number)).toEqual(
      own.slice(0, own.indexOf(own.at(-1)!) + 1),
    )
  }
  const batches = await processed(folder, some)
  for (const dtype of precisions) {
    const textModel = await CLIPTextModelWithProjection.from_pretrained(folder, { dtype })
    const visionModel = await CLIPVisionModelWithProjection.from_pretrained(folder, { dtype })
    const rows = unitRows((await textModel(texts)).text_embeds)
    const width = rows.length / names.length
    const features = await allValues(batches, async (batch) => {
      const { image_embeds } = await visionModel(batch)
      image_embeds.data.set(unitRows(image_embeds))
      return image_embeds
    })
    await textModel.dispose()
    await visionModel.dispose()
    const found = some.flatMap((_, i) =>
      names.map((_, c) => {
        let cosine = 0
        for (let d = 0; d < width; d++) cosine += features[i * width + d]! * rows[c * width + d]!
        return cosine
      }),
    )
    // The temperature is no matter of the towers.
    const scale = Math.max(...expected.map(Math.abs)) / Math.max(...found.map(Math.abs))
    const error = relativeError(
      found.map((x) => scale * x),
      expected,
    )
    const own = agreement(tops(found, names.length), truth)
    await annotate(
      `${dtype}: to ${error.toExponential(1)}, accuracy ${own.toFixed(2)} % for ${accuracy.toFixed(2)} %`,
    )
    if (dtype === 'fp32') expect(error).toBeLessThan(1e-4)
    expect(Math.abs(own - accuracy)).toBeLessThanOrEqual(1)
  }
})

/** The rows of a matrix, each divided by its length. */
function unitRows({ data, dims }: Tensor): Float32Array {
  const values = Float32Array.from(data as Float32Array)
  const width = dims.at(-1)!
  for (let at = 0; at < values.length; at += width) {
    const row = values.subarray(at, at + width)
    const length = Math.hypot(...row)
    for (let d = 0; d < width; d++) row[d] = row[d]! / length
  }
  return values
}
