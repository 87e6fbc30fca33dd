import type { Datum } from '../data/dataset.js'
import type { Evaluation } from '../evaluate/evaluate.js'
import { mostLikely } from '../evaluate/predict.js'
import type { Sample } from './report-data.js'

/** Classes shown for each sample. */
const TOP = 3

/** What a classifier says of one image of an evaluation. */
export interface SampleRow extends Omit<Sample, 'image'> {
  /** Place of the image in the list that was evaluated. */
  readonly index: number
}

/** Evenly spaced images of an evaluation with their likeliest classes, without the pictures. */
export function sampleRows(
  { logits, labels, indices }: Evaluation,
  classNames: readonly string[],
  count: number,
): SampleRow[] {
  const n = Math.min(count, labels.length)
  return Array.from({ length: n }, (_, k) => {
    const row = Math.floor(((k + 0.5) * labels.length) / n)
    const own = logits.subarray(row * classNames.length, (row + 1) * classNames.length)
    return {
      index: indices[row]!,
      truth: classNames[labels[row]!]!,
      classes: mostLikely(own, classNames).slice(0, TOP),
    }
  })
}

/** The samples with their pictures. */
export function loadSamples(data: readonly Datum[], rows: readonly SampleRow[]): Promise<Sample[]> {
  return Promise.all(
    rows.map(async ({ index, ...sample }) => ({ ...sample, image: await data[index]!.load() })),
  )
}

/** Evenly spaced images of an evaluation with their likeliest classes. */
export function sampleImages(
  data: readonly Datum[],
  evaluation: Evaluation,
  classNames: readonly string[],
  count: number,
): Promise<Sample[]> {
  return loadSamples(data, sampleRows(evaluation, classNames, count))
}
