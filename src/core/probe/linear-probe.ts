import { WeightsError } from '../errors.js'
import { predictions } from '../evaluate/metrics.js'
import type { Runtime } from '../runtime/session.js'
import { type LinearWeights, linearLogits } from './linear-logits.js'
import type { LabelledFeatures } from './logistic-objective.js'
import { type Regression, withRegression } from './logistic-regression.js'
import { chooseStrength, TRIALS } from './strength.js'

/** C where no image is left to choose it by: that of the example in CLIP's repository. */
const UNTUNED = 0.316

/** What {@link trainLinearProbe} learns from. */
export interface LinearProbeOptions {
  readonly runtime: Runtime
  readonly train: LabelledFeatures
  /** Chooses C. Where there is none, held-out training images do (see {@link holdOut}). */
  readonly validation?: LabelledFeatures
  /** Number of classes; one without training features is never predicted. */
  readonly classes: number
  readonly signal?: AbortSignal
  /** Regressions fitted, and how many there will be. */
  readonly onProgress?: (done: number, total: number) => void
}

/** A trained linear classifier of image features. */
export interface LinearProbe extends LinearWeights {
  /** The C chosen. */
  readonly strength: number
  /** What chose it. `none`: classes of one image leave nothing to choose by. */
  readonly validation: 'given' | 'held out' | 'none'
  /** Every C tried, with its accuracy on those images in percent. */
  readonly trials: readonly { readonly strength: number; readonly accuracy: number }[]
}

/**
 * The linear probe of the CLIP paper (section 3.2, appendix A.3) in the few-shot form of CoOp: a logistic regression on
 * image features of frozen CLIP, with the weight of its penalty chosen on validation images.
 *
 * @throws WeightsError when a feature is not finite; the signal's reason when it aborts
 */
export async function trainLinearProbe(options: LinearProbeOptions): Promise<LinearProbe> {
  const { train, validation, onProgress } = options
  checkFinite(train.features)
  if (validation && validation.labels.length > 0) {
    checkFinite(validation.features)
    const chosen = await tuned(options, train, validation, TRIALS)
    return { ...chosen, validation: 'given' }
  }
  const { kept, held } = holdOut(train)
  const tuning = held.labels.length > 0
  const total = (tuning ? TRIALS : 0) + 1
  const { strength, trials } = tuning
    ? await tuned(options, kept, held, total)
    : { strength: UNTUNED, trials: [] }
  const weights = await withFit(options, train, (regress) => regress(strength))
  onProgress?.(total, total)
  return { ...weights, strength, validation: tuning ? 'held out' : 'none', trials }
}

/** The probe with the C that does best on the validation images. */
async function tuned(
  options: LinearProbeOptions,
  train: LabelledFeatures,
  validation: LabelledFeatures,
  total: number,
): Promise<Omit<LinearProbe, 'validation'>> {
  const { runtime, classes, onProgress } = options
  let done = 0
  return withFit(options, train, async (regress) => {
    const { chosen, trials } = await chooseStrength(async (strength) => {
      const weights = await regress(strength)
      const predicted = predictions(await linearLogits(runtime, weights, validation.features), classes)
      onProgress?.(++done, total)
      const correct = predicted.filter((label, i) => label === validation.labels[i]).length
      return { fit: weights, accuracy: (100 * correct) / predicted.length }
    })
    return {
      ...chosen.fit,
      strength: chosen.strength,
      trials: trials.map(({ strength, accuracy }) => ({ strength, accuracy })),
    }
  })
}

/** A regression whose fits end when the signal aborts. */
const withFit = <T>(
  { runtime, classes, signal }: LinearProbeOptions,
  train: LabelledFeatures,
  use: (regress: Regression) => Promise<T>,
): Promise<T> =>
  withRegression(runtime, train, classes, (regress) =>
    use((strength) => regress(strength, signal ? { signal } : {})),
  )

function checkFinite(features: Float32Array): void {
  const bad = features.find((value) => !Number.isFinite(value))
  if (bad === undefined) return
  throw new WeightsError(`the model gave ${bad} in the features of an image; expected finite values`, {
    hint: 'Check the weight file. If it works with --no-cache, clear the cache: promptsrc cache clear.',
  })
}

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
