import type { LabelledFeatures } from './logistic-objective.js'

/** One of so many images of a class is held out. */
const SHARE = 4

/**
 * Splits off features that choose a hyperparameter where a data set has no validation images: of every class the last
 * quarter, at least one, but never its only one. Of 16 shots that leaves 12 and holds out 4.
 */
export function holdOut({ features, labels }: LabelledFeatures): {
  readonly kept: LabelledFeatures
  readonly held: LabelledFeatures
} {
  const dims = features.length / labels.length
  const rows = new Map<number, number[]>()
  for (const [row, label] of labels.entries()) rows.set(label, [...(rows.get(label) ?? []), row])
  const held = new Set(
    [...rows.values()].flatMap((own) =>
      own.length < 2 ? [] : own.slice(-Math.max(1, Math.floor(own.length / SHARE))),
    ),
  )
  const select = (chosen: (row: number) => boolean): LabelledFeatures => {
    const list = [...labels.keys()].filter(chosen)
    const selected = new Float32Array(list.length * dims)
    for (const [place, row] of list.entries()) {
      selected.set(features.subarray(row * dims, (row + 1) * dims), place * dims)
    }
    return { features: selected, labels: Int32Array.from(list, (row) => labels[row]!) }
  }
  return { kept: select((row) => !held.has(row)), held: select((row) => held.has(row)) }
}
