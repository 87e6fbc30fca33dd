import type { Evaluation } from './evaluate.js'
import { type ClassProbability, mostLikely } from './predict.js'

/** Classes kept of each sample. */
const TOP = 3

/** What a classifier says of one image of an evaluation. */
export interface SampleRow {
  /** Place of the image in the list that was evaluated. */
  readonly index: number
  readonly truth: string
  readonly classes: readonly ClassProbability[]
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
