/** A quantity over several seeds. */
export interface Summary {
  readonly mean: number
  /** Sample standard deviation (n - 1); null for one value. */
  readonly std: number | null
  /** 95 % confidence interval of the mean by Student's t; null for one value. */
  readonly interval: readonly [low: number, high: number] | null
}

/** Mean, spread and confidence of at least one value. Throws RangeError when there is none. */
export function summarize(values: readonly number[]): Summary {
  const n = values.length
  if (n === 0) throw new RangeError('no values to summarize')
  const mean = meanOf(values)
  if (n === 1) return { mean, std: null, interval: null }
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  const half = (studentT(n - 1) * std) / Math.sqrt(n)
  return { mean, std, interval: [mean - half, mean + half] }
}

/**
 * Differences a[i] - b[i] of two quantities that were measured under the same circumstances, as of two methods on the same
 * draw with the same seed. What the circumstances do to both alike is in neither spread nor interval.
 *
 * @throws RangeError where the lengths differ or there is no pair
 */
export function summarizePairs(a: readonly number[], b: readonly number[]): Summary {
  if (a.length !== b.length) throw new RangeError(`${a.length} values cannot be paired with ${b.length}`)
  return summarize(a.map((value, i) => value - b[i]!))
}

/** Arithmetic mean. */
export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** Middle value; the mean of the two middle ones of an even number. Null where there are none. */
export function medianOf(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/**
 * The t beyond which |T| falls with probability 1 - level, for Student's t with a whole number of degrees of freedom:
 * the factor of a two-sided confidence interval.
 *
 * @throws RangeError unless the degrees of freedom are a positive whole number and the level lies between 0 and 1
 */
export function studentT(freedom: number, level = 0.95): number {
  if (!Number.isInteger(freedom) || freedom < 1) throw new RangeError(`${freedom} degrees of freedom`)
  if (!(level > 0 && level < 1)) throw new RangeError(`confidence level ${level}`)
  // In the angle atan(t / sqrt(freedom)) the probability rises from 0 to 1 over a bounded interval.
  let low = 0
  let high = Math.PI / 2
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (centralProbability(middle, freedom) < level) low = middle
    else high = middle
  }
  return Math.tan((low + high) / 2) * Math.sqrt(freedom)
}

/**
 * P(|T| < t) for theta = atan(t / sqrt(freedom)), a finite sum for whole degrees of freedom
 * (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4).
 */
function centralProbability(theta: number, freedom: number): number {
  const cosine = Math.cos(theta)
  const odd = freedom % 2 === 1
  let term = odd ? cosine : 1
  let sum = freedom === 1 ? 0 : term
  for (let k = odd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= (cosine * cosine * (k - 1)) / k
    sum += term
  }
  return odd ? (2 / Math.PI) * (theta + Math.sin(theta) * sum) : Math.sin(theta) * sum
}
