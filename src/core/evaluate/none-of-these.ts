import type { Clip } from '../clip/clip.js'

/** When an image is taken to be of none of the classes. */
export interface Rejection {
  /** Divisor of the logits, see {@link conceptTemperature}. */
  readonly temperature: number
  /** Images with a lower {@link conceptScores} are none of the classes. */
  readonly threshold: number
}

/** Whether an image is of one of the classes. */
export interface Judgement {
  /** See {@link conceptScores}. */
  readonly score: number
  /** False: none of the classes. */
  readonly accepted: boolean
}

/**
 * Maximum concept matching of every image (Ming et al., "Delving into out-of-distribution detection with
 * vision-language representations", NeurIPS 2022, equation 1): how far the nearest class stands out from the others,
 *
 *     S = max over i of  exp(s_i / tau) / sum over j of exp(s_j / tau)
 *
 * with s the cosine similarities of the image and the C classes. It needs no training; unlike the probability of the
 * likeliest class, whose tau is the trained 0.01, it is not driven to 1 by small differences. From 1 / C to 1.
 *
 * @param logits [images x classes], row-major: similarities times exp(logit_scale)
 * @param temperature exp(logit_scale) * tau, see {@link conceptTemperature}
 * @returns S of every image
 */
export function conceptScores(logits: Float32Array, classes: number, temperature: number): Float64Array {
  const scores = new Float64Array(logits.length / classes)
  for (let row = 0; row < scores.length; row++) {
    const own = logits.subarray(row * classes, (row + 1) * classes)
    const peak = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    let sum = 0
    for (const value of own) sum += Math.exp((value - peak) / temperature)
    scores[row] = 1 / sum
  }
  return scores
}

/** The divisor of a model's logits that gives similarities over tau. Default: the paper's tau of 1. */
export async function conceptTemperature({ tensors }: Pick<Clip, 'tensors'>, tau = 1): Promise<number> {
  return Math.exp((await tensors.read('logit_scale'))[0]!) * tau
}

/**
 * The highest threshold that accepts at least the wanted share of images: their scores are not below it.
 *
 * @param scores of held-out images of the classes, in any order
 * @param share above 0 up to 1, such as 0.95
 * @throws RangeError without scores, or for another share
 */
export function acceptanceThreshold(scores: ArrayLike<number>, share: number): number {
  if (scores.length === 0) throw new RangeError('no scores to set a threshold on')
  if (!(share > 0 && share <= 1)) throw new RangeError(`share ${share}; expected one above 0 up to 1`)
  const falling = Float64Array.from(scores).sort().reverse()
  // A share of a count that is whole in decimals must not be rounded up for the last bit.
  return falling[Math.ceil(share * falling.length - 1e-9) - 1]!
}

/**
 * A threshold for another number of classes than it was set on. 1 / S is a sum over the classes, which grows with
 * their number; its mean is what is kept equal.
 *
 * @param from classes that the threshold was set on
 */
export const thresholdFor = (threshold: number, from: number, classes: number): number =>
  from === classes ? threshold : (threshold * from) / classes

/**
 * Whether one image is of one of the classes.
 *
 * @param logits [classes]
 */
export function noneOfThese(logits: Float32Array, { temperature, threshold }: Rejection): Judgement {
  const score = conceptScores(logits, logits.length, temperature)[0]!
  return { score, accepted: score >= threshold }
}
