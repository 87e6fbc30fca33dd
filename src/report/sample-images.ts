import type { Datum } from '../data/dataset.js'
import type { Evaluation } from '../evaluate/evaluate.js'
import { mostLikely } from '../evaluate/predict.js'
import type { Sample } from './report-data.js'

/** Classes shown for each sample. */
const TOP = 3

/** Evenly spaced images of an evaluation with their likeliest classes. */
export async function sampleImages(
  data: readonly Datum[],
  { logits, labels, indices }: Evaluation,
  classNames: readonly string[],
  count: number,
): Promise<Sample[]> {
  const n = Math.min(count, labels.length)
  return Promise.all(
    Array.from({ length: n }, async (_, k) => {
      const row = Math.floor(((k + 0.5) * labels.length) / n)
      const own = logits.subarray(row * classNames.length, (row + 1) * classNames.length)
      return {
        image: await data[indices[row]!]!.load(),
        truth: classNames[labels[row]!]!,
        classes: mostLikely(own, classNames).slice(0, TOP),
      }
    }),
  )
}
