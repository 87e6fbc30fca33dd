/** A label that is probably wrong. */
export interface LabelDoubt {
  /** Of the image, in the order given. */
  readonly index: number
  readonly given: number
  /** The class that it is counted in. */
  readonly likely: number
  /** Probability of the likely class less that of the given one; the surest doubt has the largest. */
  readonly margin: number
}

/**
 * Finds labels that are probably wrong by confident learning (Northcutt, Jiang and Chuang 2021, "Confident Learning:
 * Estimating Uncertainty in Dataset Labels", sections 3.1 and 3.2: off-diagonal entries of the confident joint). A class's
 * threshold is the mean probability that images labelled so give to it; an image counts in the most probable of the classes
 * whose thresholds it reaches, and in none where it reaches none.
 *
 * @param probabilities [images, classes] of models that have not seen the image, row by row
 * @param labels a class's index for each image
 * @returns doubts, the surest first
 * @throws RangeError where the sizes do not fit, or a label is no class
 */
export function doubtfulLabels(
  probabilities: ArrayLike<number>,
  labels: readonly number[],
  classes: number,
): LabelDoubt[] {
  if (probabilities.length !== labels.length * classes) {
    throw new RangeError(`${probabilities.length} probabilities; expected ${labels.length} x ${classes}`)
  }
  const sums = new Float64Array(classes)
  const counts = new Float64Array(classes)
  labels.forEach((label, i) => {
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) throw new RangeError(`label ${label}`)
    sums[label]! += probabilities[i * classes + label]!
    counts[label]!++
  })
  const doubts: LabelDoubt[] = []
  labels.forEach((given, i) => {
    const at = i * classes
    let likely = -1
    for (let c = 0; c < classes; c++) {
      // A class without images has no threshold, and nothing is counted in it.
      if (counts[c] === 0 || probabilities[at + c]! < sums[c]! / counts[c]!) continue
      if (likely < 0 || probabilities[at + c]! > probabilities[at + likely]!) likely = c
    }
    if (likely < 0 || likely === given) return
    doubts.push({ index: i, given, likely, margin: probabilities[at + likely]! - probabilities[at + given]! })
  })
  return doubts.sort((a, b) => b.margin - a.margin || a.index - b.index)
}
