import { type Deviation, type Outcome, ratioOf, worstOf } from './deviation.js'

/** A comparison as JSON; null stands for an infinite value: another shape, or nothing computed. */
export interface ComparisonJson {
  readonly name: string
  readonly error: number | null
  readonly tolerance: number
  /** error / tolerance: above 1 is a miss. */
  readonly ratio: number | null
}

/** An outcome as JSON. */
export interface OutcomeJson {
  readonly name: string
  readonly status: Outcome['status']
  readonly note?: string
  readonly worst: ComparisonJson | null
  readonly comparisons: readonly ComparisonJson[]
}

/** Counts and results of a run of parity. */
export interface ParitySummary {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** The comparison nearest to, or farthest beyond, its tolerance, with the entry it belongs to. */
  readonly worst: (ComparisonJson & { readonly in: string }) | null
  readonly results: readonly OutcomeJson[]
}

/** Counts outcomes and finds the worst comparison. */
export function summarize(outcomes: readonly Outcome[]): ParitySummary {
  const count = (status: Outcome['status']) => outcomes.filter((outcome) => outcome.status === status).length
  const worst = worstOf(outcomes.flatMap(({ comparisons }) => comparisons))
  const owner = worst && outcomes.find(({ comparisons }) => comparisons.includes(worst))
  return {
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    worst: worst && owner ? { in: owner.name, ...comparisonJson(worst) } : null,
    results: outcomes.map(({ name, status, note, comparisons }) => {
      const own = worstOf(comparisons)
      return {
        name,
        status,
        ...(note === undefined ? {} : { note }),
        worst: own ? comparisonJson(own) : null,
        comparisons: comparisons.map(comparisonJson),
      }
    }),
  }
}

function comparisonJson(comparison: Deviation): ComparisonJson {
  const { name, error, tolerance } = comparison
  const finite = (value: number) => (Number.isFinite(value) ? value : null)
  return { name, error: finite(error), tolerance, ratio: finite(ratioOf(comparison)) }
}
