import { linearLogits } from '../probe/linear-logits.js'
import { withRegression } from '../probe/logistic-regression.js'
import type { Runtime } from '../runtime/session.js'

/** Probabilities of a few percent of error are enough to doubt a label. */
const ROUGH = { maxIterations: 100, gradientTolerance: 1e-2 }

/** Options of {@link heldOutProbabilities}. */
export interface HeldOutProbabilityOptions {
  readonly runtime: Runtime
  /** [images, width] of unit length, row by row. */
  readonly features: Float32Array
  /** A class for each image. */
  readonly labels: Int32Array
  readonly classes: number
  /** Images of one number are copies: none is judged by another. Default: no image is a copy. */
  readonly groups?: ArrayLike<number>
  /** Default: 5. */
  readonly folds?: number
  /** Weight of the losses against the penalty, scikit-learn's C. */
  readonly strength?: number
  readonly signal?: AbortSignal
  /** Folds done. */
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Probabilities of classes for every image by a logistic regression on frozen features that has not seen the image: the
 * images are dealt to folds, class by class in their order, and each fold is judged by what the others teach.
 *
 * @returns [images, classes], row by row
 * @throws the signal's reason when it aborts
 */
export async function heldOutProbabilities({
  runtime,
  features,
  labels,
  classes,
  groups,
  folds = 5,
  strength = 10,
  signal,
  onProgress,
}: HeldOutProbabilityOptions): Promise<Float32Array> {
  const width = features.length / labels.length
  const fold = dealt(labels, groups, folds)
  const probabilities = new Float32Array(labels.length * classes)
  for (let k = 0; k < folds; k++) {
    const seen: number[] = []
    const judged: number[] = []
    for (const [i, own] of fold.entries()) (own === k ? judged : seen).push(i)
    if (judged.length > 0 && seen.length > 0) {
      const rows = (chosen: readonly number[]): Float32Array => {
        const data = new Float32Array(chosen.length * width)
        for (const [row, i] of chosen.entries())
          data.set(features.subarray(i * width, (i + 1) * width), row * width)
        return data
      }
      const train = { features: rows(seen), labels: Int32Array.from(seen, (i) => labels[i]!) }
      const weights = await withRegression(runtime, train, classes, (regress) =>
        regress(strength, { ...ROUGH, ...(signal ? { signal } : {}) }),
      )
      const logits = await linearLogits(runtime, weights, rows(judged))
      for (const [row, i] of judged.entries()) {
        probabilities.set(softmax(logits.subarray(row * classes, (row + 1) * classes)), i * classes)
      }
    }
    onProgress?.(k + 1, folds)
  }
  return probabilities
}

/** A fold for each image; copies go where the first of them is. */
function dealt(labels: Int32Array, groups: ArrayLike<number> | undefined, folds: number): Int32Array {
  const fold = new Int32Array(labels.length)
  const next = new Map<number, number>()
  const ofGroup = new Map<number, number>()
  for (const [i, label] of labels.entries()) {
    const known = groups && ofGroup.get(groups[i]!)
    const own = known ?? next.get(label) ?? label % folds
    if (known === undefined) next.set(label, (own + 1) % folds)
    if (groups) ofGroup.set(groups[i]!, own)
    fold[i] = own
  }
  return fold
}

function softmax(logits: Float32Array): Float32Array {
  const most = Math.max(...logits)
  const shares = logits.map((value) => Math.exp(value - most))
  const sum = shares.reduce((a, b) => a + b, 0)
  return shares.map((value) => value / sum)
}
