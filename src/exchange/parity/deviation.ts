import type { HostTensor } from '../../core/graph/index.js'

/** One computed quantity beside its reference. */
export interface Deviation {
  readonly name: string
  /** Largest absolute difference; infinite where shapes differ or nothing was computed. */
  readonly error: number
  /** Largest difference allowed. */
  readonly tolerance: number
}

/** What became of one golden entry. */
export interface Outcome {
  readonly name: string
  readonly status: 'passed' | 'failed' | 'skipped'
  readonly comparisons: readonly Deviation[]
  /** Why it was skipped, or the error that ended it. */
  readonly note?: string
}

/** Error in units of the tolerance: above 1 is a miss. */
export function ratioOf({ error, tolerance }: Deviation): number {
  return error === 0 ? 0 : error / tolerance
}

/** The comparison nearest to, or farthest beyond, its tolerance. */
export function worstOf(comparisons: readonly Deviation[]): Deviation | undefined {
  return comparisons.reduce<Deviation | undefined>(
    (worst, next) => (worst && ratioOf(worst) >= ratioOf(next) ? worst : next),
    undefined,
  )
}

/** Largest absolute difference of two lists; infinite where lengths differ or a value is not a number. */
export function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let worst = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY
    if (difference > worst) worst = difference
  }
  return worst
}

/** A computed tensor beside its reference; the error of one that was not computed is infinite. */
export function compareTensor(
  name: string,
  computed: HostTensor | undefined,
  expected: HostTensor,
  tolerance: number,
): Deviation {
  const sameShape = computed?.shape.join() === expected.shape.join()
  const error = sameShape ? maxDifference(computed!.data, expected.data) : Number.POSITIVE_INFINITY
  return { name, error, tolerance }
}

/** The same with a tolerance in units of the reference's largest entry. */
export function compareRelative(
  name: string,
  computed: HostTensor | undefined,
  expected: HostTensor,
  tolerance: number,
): Deviation {
  const largest = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return compareTensor(name, computed, expected, tolerance * largest)
}

/** A computed figure beside its reference. */
export function compareNumber(
  name: string,
  computed: number,
  expected: number,
  tolerance: number,
): Deviation {
  return { name, error: maxDifference([computed], [expected]), tolerance }
}

/** Figures beside their references, each to a tolerance relative to its reference. */
export function compareFigures(
  name: string,
  computed: readonly number[],
  expected: readonly number[],
  tolerance: number,
): Deviation {
  const scaled = computed.map((value, i) => (value === expected[i] ? 0 : value / expected[i]! - 1))
  const error =
    computed.length === expected.length
      ? maxDifference(
          scaled,
          scaled.map(() => 0),
        )
      : Number.POSITIVE_INFINITY
  return { name, error, tolerance }
}

/** Something that must be equal: the error is 0 or 1. */
export function compareEqual(name: string, computed: unknown, expected: unknown): Deviation {
  return { name, error: JSON.stringify(computed) === JSON.stringify(expected) ? 0 : 1, tolerance: 0 }
}

/** Pairs that must be equal: the error is the number of those that are not; a list of none is a miss. */
export function compareAll(name: string, pairs: readonly (readonly [unknown, unknown])[]): Deviation {
  const missed = pairs.filter(([computed, expected]) => compareEqual(name, computed, expected).error > 0)
  return { name, error: pairs.length === 0 ? Number.POSITIVE_INFINITY : missed.length, tolerance: 0 }
}

/** An outcome that passed where every comparison is within its tolerance, and there is one. */
export function judged(name: string, comparisons: readonly Deviation[]): Outcome {
  const missed = comparisons.some(({ error, tolerance }) => !(error <= tolerance))
  return { name, status: missed || comparisons.length === 0 ? 'failed' : 'passed', comparisons }
}

/** An outcome of something that was not compared. */
export function skipped(name: string, note: string): Outcome {
  return { name, status: 'skipped', comparisons: [], note }
}
