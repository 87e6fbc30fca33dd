/** Limits of {@link fitTemperature}. */
const LOWEST = 1e-3
const HIGHEST = 1e3

/**
 * Mean negative log likelihood of the labels, in nats, under softmax(logits / temperature).
 *
 * @param logits [images x classes], row-major
 */
export function negativeLogLikelihood(
  logits: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  temperature = 1,
): number {
  let sum = 0
  for (let row = 0; row < labels.length; row++) {
    const own = logits.subarray(row * classes, (row + 1) * classes)
    const peak = own.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    let total = 0
    for (const value of own) total += Math.exp((value - peak) / temperature)
    sum += Math.log(total) - (own[labels[row]!]! - peak) / temperature
  }
  return sum / labels.length
}

/**
 * Temperature scaling (Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2): the T that
 * makes labels of held-out images likeliest under softmax(logits / T). It changes no answer, only how sure it is.
 *
 * The negative log likelihood is convex in b = 1 / T; its derivative, the mean over images of sum_c p_c z_c - z_label,
 * is brought to 0 by bisection, with T between 0.001 and 1000.
 *
 * @param logits [images x classes], row-major
 * @returns 1 where every answer is right: no T is the likeliest then, as each smaller one is likelier
 */
export function fitTemperature(logits: Float32Array, labels: ArrayLike<number>, classes: number): number {
  if (allRight(logits, labels, classes)) return 1
  let [low, high] = [Math.log(1 / HIGHEST), Math.log(1 / LOWEST)]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (slope(logits, labels, classes, Math.exp(middle)) > 0) high = middle
    else low = middle
  }
  return Math.exp(-(low + high) / 2)
}

/** Logits that give the probabilities at a temperature. */
export const scaledLogits = (logits: Float32Array, temperature: number): Float32Array =>
  temperature === 1 ? logits : logits.map((value) => value / temperature)

function allRight(logits: Float32Array, labels: ArrayLike<number>, classes: number): boolean {
  for (let row = 0; row < labels.length; row++) {
    const own = logits[row * classes + labels[row]!]!
    for (let c = 0; c < classes; c++) if (logits[row * classes + c]! > own) return false
  }
  return true
}

/** Derivative of the summed negative log likelihood by b. */
function slope(logits: Float32Array, labels: ArrayLike<number>, classes: number, b: number): number {
  let sum = 0
  for (let row = 0; row < labels.length; row++) {
    const own = logits.subarray(row * classes, (row + 1) * classes)
    const peak = own.reduce((a, v) => Math.max(a, v), Number.NEGATIVE_INFINITY)
    let [total, weighted] = [0, 0]
    for (const value of own) {
      const weight = Math.exp((value - peak) * b)
      total += weight
      weighted += weight * (value - peak)
    }
    sum += weighted / total - (own[labels[row]!]! - peak)
  }
  return sum
}
