import type { Datum } from '../core/data/dataset.js'
import type { Evaluation } from '../core/evaluate/evaluate.js'
import { type SampleRow, sampleRows } from '../core/evaluate/sample-rows.js'
import type { Sample } from './report-data.js'

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
