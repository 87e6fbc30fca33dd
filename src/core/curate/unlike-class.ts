import { medianOf } from '../evaluate/statistics.js'
import type { Runtime } from '../runtime/session.js'
import { nearestRows } from './nearest-rows.js'

/** A picture's likeness to its class is the mean cosine to so many of the class. */
const NEAREST = 3
/** So many more are asked for, as copies of the picture do not count. */
const SPARE = 5
/** Classes of fewer pictures have no measure of their own; that of all pictures is taken. */
const FEW = 8
/** Robust standard deviations below the median at which a picture is unlike its class. */
const FAR = 3.5
/** The median absolute deviation of a normal distribution is its standard deviation divided by this. */
const NORMAL = 1.4826

/** A picture that is unlike the others of its class. */
export interface UnlikeClass {
  readonly index: number
  /** Mean cosine to the nearest three of its class. */
  readonly likeness: number
  /** The median of that over its class. */
  readonly usual: number
}

/** Options of {@link unlikeClass}. */
export interface UnlikeOptions {
  readonly runtime: Runtime
  /** [images, width] of unit length, row by row. */
  readonly features: Float32Array
  readonly labels: Int32Array
  /** Images of one number are copies. */
  readonly groups: ArrayLike<number>
  readonly signal?: AbortSignal
}

/**
 * Pictures unlike their class: those whose nearest pictures of the class are much farther than is usual there, by median and
 * median absolute deviation (Iglewicz and Hoaglin 1993). The most unlike first. A class of three or fewer is not judged.
 */
export async function unlikeClass({
  runtime,
  features,
  labels,
  groups,
  signal,
}: UnlikeOptions): Promise<UnlikeClass[]> {
  const width = features.length / labels.length
  const likeness = new Float64Array(labels.length).fill(Number.NaN)
  const members = new Map<number, number[]>()
  for (const [i, label] of labels.entries()) {
    const own = members.get(label)
    if (own) own.push(i)
    else members.set(label, [i])
  }
  for (const own of members.values()) {
    if (own.length <= NEAREST) continue
    const rows = new Float32Array(own.length * width)
    for (const [row, i] of own.entries()) rows.set(features.subarray(i * width, (i + 1) * width), row * width)
    const {
      rows: near,
      cosines,
      k,
    } = await nearestRows(runtime, rows, width, NEAREST + SPARE, {
      ...(signal ? { signal } : {}),
    })
    for (const [row, i] of own.entries()) {
      const others: number[] = []
      for (let n = 0; n < k && others.length < NEAREST; n++) {
        const j = own[near[row * k + n]!]
        if (j !== undefined && groups[i] !== groups[j]) others.push(cosines[row * k + n]!)
      }
      if (others.length === NEAREST) likeness[i] = others.reduce((sum, cosine) => sum + cosine, 0) / NEAREST
    }
  }
  const known = (indices: Iterable<number>) =>
    [...indices].map((i) => likeness[i]!).filter((value) => !Number.isNaN(value))
  const overall = spreadOf(known(labels.keys()))
  const unlike: (UnlikeClass & { readonly far: number })[] = []
  for (const own of members.values()) {
    const values = known(own)
    if (values.length === 0) continue
    const { median, deviation } = values.length < FEW ? overall : spreadOf(values)
    for (const i of own) {
      const far = (median - likeness[i]!) / Math.max(deviation, overall.deviation / 2, 1e-6)
      if (far > FAR) unlike.push({ index: i, likeness: likeness[i]!, usual: median, far })
    }
  }
  return unlike.sort((a, b) => b.far - a.far || a.index - b.index).map(({ far: _, ...found }) => found)
}

function spreadOf(values: readonly number[]): { median: number; deviation: number } {
  const median = medianOf(values) ?? 0
  return { median, deviation: NORMAL * (medianOf(values.map((value) => Math.abs(value - median))) ?? 0) }
}
