import { UserError } from '../errors.js'

/** Figures of one evaluation. All shares are percentages, 0 to 100. */
export interface Metrics {
  /** Images evaluated. */
  readonly count: number
  /** Share of images whose most likely class is theirs (micro average). */
  readonly accuracy: number
  /** Mean F1 over the classes that occur among the labels. */
  readonly macroF1: number
  /** Accuracy (recall) by class; null for a class without images. */
  readonly perClassAccuracy: readonly (number | null)[]
  /** Mean of `perClassAccuracy` over the classes that have images. */
  readonly meanPerClassAccuracy: number
  /** Images by true class (row) and predicted class (column). */
  readonly confusion: readonly (readonly number[])[]
  /** See `expectedCalibrationError`. */
  readonly expectedCalibrationError: number
}

/**
 * Every figure from the logits of an evaluation.
 *
 * @param logits [images x classes], row-major, already scaled (softmax gives the probabilities)
 * @param labels true class of every image
 * @throws UserError when there are no images or a logit is not finite
 * @throws RangeError when lengths or labels do not fit
 */
export function evaluateLogits(logits: Float32Array, labels: ArrayLike<number>, classes: number): Metrics {
  if (labels.length === 0) throw new UserError('no images to evaluate')
  const confusion = confusionMatrix(labels, predictions(logits, classes), classes)
  const perClass = perClassAccuracy(confusion)
  return {
    count: labels.length,
    accuracy: accuracy(confusion),
    macroF1: macroF1(confusion),
    perClassAccuracy: perClass,
    meanPerClassAccuracy: mean(perClass.filter((value) => value !== null)),
    confusion,
    expectedCalibrationError: expectedCalibrationError(logits, labels, classes),
  }
}

/** Share of images of the given classes that were classified rightly among all, in percent; null where there are none. */
export function accuracyOfClasses({ confusion }: Metrics, labels: readonly number[]): number | null {
  let [right, count] = [0, 0]
  for (const label of labels) {
    right += confusion[label]![label]!
    count += confusion[label]!.reduce((sum, n) => sum + n, 0)
  }
  return count === 0 ? null : (100 * right) / count
}

/** Most likely class of every row of [images x classes]; a tie goes to the first. */
export function predictions(logits: Float32Array, classes: number): Int32Array {
  const predicted = new Int32Array(rows(logits, classes))
  for (let row = 0; row < predicted.length; row++) predicted[row] = bestOf(logits, row, classes)
  return predicted
}

/** Images by true class (row) and predicted class (column). */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): number[][] {
  if (labels.length !== predicted.length) {
    throw new RangeError(`${labels.length} labels for ${predicted.length} predictions`)
  }
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let i = 0; i < labels.length; i++) {
    const row = matrix[labels[i]!]
    if (row === undefined)
      throw new RangeError(`label ${labels[i]} of image ${i}; there are ${classes} classes`)
    row[predicted[i]!]! += 1
  }
  return matrix
}

/** Share of images on the diagonal, in percent. */
export function accuracy(confusion: readonly (readonly number[])[]): number {
  const correct = sum(confusion.map((row, label) => row[label]!))
  return (100 * correct) / sum(confusion.map(sum))
}

/** Share of each class's images on the diagonal, in percent; null for a class without images. */
export function perClassAccuracy(confusion: readonly (readonly number[])[]): (number | null)[] {
  return confusion.map((row, label) => {
    const total = sum(row)
    return total === 0 ? null : (100 * row[label]!) / total
  })
}

/**
 * Mean over the classes that occur among the labels of F1 = 2 TP / (2 TP + FP + FN), in percent
 * (scikit-learn's macro average over the labels present, as the reference reports it).
 */
export function macroF1(confusion: readonly (readonly number[])[]): number {
  const scores: number[] = []
  for (const [label, row] of confusion.entries()) {
    const actual = sum(row)
    const predicted = sum(confusion.map((other) => other[label]!))
    if (actual > 0) scores.push((200 * row[label]!) / (actual + predicted))
  }
  return mean(scores)
}

/** Images whose confidence falls into one interval. */
export interface CalibrationBin {
  readonly count: number
  /** Mean confidence, in percent; 0 without images. */
  readonly confidence: number
  /** Share of right answers, in percent; 0 without images. */
  readonly accuracy: number
}

/**
 * Images by confidence p, the largest softmax probability: bin b = 1..bins of equal width holds those with
 * (b - 1) / bins < p <= b / bins.
 *
 * @param logits [images x classes], row-major
 */
export function calibrationBins(
  logits: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  bins = 15,
): CalibrationBin[] {
  const images = rows(logits, classes)
  if (labels.length !== images) throw new RangeError(`${labels.length} labels for ${images} rows of logits`)
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, correct: 0 }))
  for (let row = 0; row < images; row++) {
    const best = bestOf(logits, row, classes)
    const peak = logits[row * classes + best]!
    let total = 0
    for (let c = 0; c < classes; c++) total += Math.exp(logits[row * classes + c]! - peak)
    const confidence = 1 / total
    const bin = sums[Math.min(bins, Math.ceil(confidence * bins)) - 1]!
    bin.count += 1
    bin.confidence += confidence
    bin.correct += best === labels[row] ? 1 : 0
  }
  return sums.map(({ count, confidence, correct }) => ({
    count,
    confidence: (100 * confidence) / Math.max(1, count),
    accuracy: (100 * correct) / Math.max(1, count),
  }))
}

/**
 * Expected calibration error in percent (Guo et al., "On calibration of modern neural networks", equation 3):
 *
 *     sum over bins b of  |B_b| / n * | accuracy(B_b) - confidence(B_b) |
 *
 * over the bins of `calibrationBins`.
 */
export function expectedCalibrationError(
  logits: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  bins = 15,
): number {
  const gaps = calibrationBins(logits, labels, classes, bins).map(
    ({ count, confidence, accuracy }) => count * Math.abs(accuracy - confidence),
  )
  return sum(gaps) / labels.length
}

/** 2 a b / (a + b), the summary of base and novel accuracy; 0 when both are 0. */
export function harmonicMean(a: number, b: number): number {
  return a + b === 0 ? 0 : (2 * a * b) / (a + b)
}

function bestOf(logits: Float32Array, row: number, classes: number): number {
  let best = 0
  for (let c = 0; c < classes; c++) {
    const value = logits[row * classes + c]!
    if (!Number.isFinite(value)) {
      throw new UserError(`the model gave ${value} for image ${row}, class ${c}; expected finite logits`, {
        hint: 'Check the weight file; for a trained run, train again with a smaller learning rate. If it works with --no-cache, clear the cache: promptsrc cache clear.',
      })
    }
    if (value > logits[row * classes + best]!) best = c
  }
  return best
}

function rows(logits: Float32Array, classes: number): number {
  const count = logits.length / classes
  if (!Number.isInteger(count))
    throw new RangeError(`${logits.length} logits do not divide into ${classes} classes`)
  return count
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length
}
