import type { Datum } from '../data/dataset.js'
import { ConfigError } from '../errors.js'
import type { TestView } from '../image/preprocess.js'
import type { Classifier } from './classifier.js'
import { type EvaluateOptions, type Evaluation, evaluateClassifier } from './evaluate.js'
import { evaluateLogits } from './metrics.js'

/** Where squares are cut out, by how many of them. */
const CROPS: Readonly<Record<number, readonly number[]>> = { 1: [0.5], 3: [0, 0.5, 1] }

/**
 * Views that a clip is tested by: every sampling of its frames with every crop. Published ones are 4 x 3 (ViFi-CLIP, X-CLIP
 * in full supervision).
 *
 * @param samplings V; sampling v takes frames at (v + 1/2) / V of their segments, where the published code draws them
 * @param crops along the longer side of the pictures: 1 in the middle, or 3, from end to end
 * @throws ConfigError for other numbers
 */
export function testViews(samplings: number, crops: number): TestView[] {
  const places = CROPS[crops]
  if (!places || !Number.isInteger(samplings) || samplings < 1) {
    throw new ConfigError(
      `views: ${samplings},${crops}; expected 1 or more samplings of frames, and 1 or 3 crops`,
    )
  }
  return Array.from({ length: samplings }, (_, v) => (v + 0.5) / samplings).flatMap((within) =>
    places.map((along) => ({ within, along })),
  )
}

/**
 * Evaluates by several views of every image: the mean of the probabilities that they are given is what counts, and its
 * logarithm takes the place of the logits. An image that one view cannot be made of is left out.
 *
 * @param views one or more
 * @throws ConfigError for views that the classifier cannot have: moments of pictures, or crops where a model sees pictures as a
 *   whole; else as {@link evaluateClassifier} does
 */
export async function evaluateViews(
  classifier: Classifier,
  data: readonly Datum[],
  views: readonly TestView[],
  { onProgress, ...options }: Omit<EvaluateOptions, 'view' | 'journal'> = {},
): Promise<Evaluation> {
  checkViews(classifier, views)
  const classes = classifier.classNames.length
  const sums = new Map<number, { readonly probabilities: Float64Array; views: number }>()
  const skipped = new Set<string>()
  for (const [v, view] of views.entries()) {
    const before = v * data.length
    const each = await evaluateClassifier(classifier, data, {
      ...options,
      view,
      onProgress: (done) => onProgress?.(before + done, views.length * data.length),
    })
    for (const message of each.skipped) skipped.add(message)
    for (const [row, index] of each.indices.entries()) {
      const sum = sums.get(index) ?? { probabilities: new Float64Array(classes), views: 0 }
      addSoftmax(each.logits.subarray(row * classes, (row + 1) * classes), sum.probabilities)
      sum.views++
      sums.set(index, sum)
    }
  }
  const whole = [...sums].filter(([, sum]) => sum.views === views.length).sort(([a], [b]) => a - b)
  const logits = new Float32Array(whole.length * classes)
  for (const [row, [, { probabilities }]] of whole.entries()) {
    for (const [i, sum] of probabilities.entries())
      logits[row * classes + i] = Math.log(Math.max(sum / views.length, Number.MIN_VALUE))
  }
  const indices = Int32Array.from(whole, ([index]) => index)
  const labels = indices.map((index) => data[index]!.label)
  return { metrics: evaluateLogits(logits, labels, classes), logits, labels, indices, skipped: [...skipped] }
}

function checkViews({ preprocessing: { frames, resize } }: Classifier, views: readonly TestView[]): void {
  const refuse = (what: string, hint: string) => {
    throw new ConfigError(`views: ${what}`, { hint })
  }
  if (!frames && views.some(({ within }) => within !== 0.5))
    refuse('several samplings of frames, but the model sees pictures', 'Ask for one: 1,3.')
  if (resize === 'squash' && views.some(({ along }) => along !== 0.5))
    refuse('several crops, but the model sees pictures as a whole', 'Ask for one: 4,1.')
}

function addSoftmax(logits: Float32Array, sums: Float64Array): void {
  const largest = Math.max(...logits)
  const weights = Float64Array.from(logits, (value) => Math.exp(value - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  for (const [i, weight] of weights.entries()) sums[i]! += weight / total
}
