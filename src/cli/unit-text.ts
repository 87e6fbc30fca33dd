import type { UnitResult } from '../lab/units/unit-files.js'

/**
 * A finished unit's figures in a line: "base 92.1 %, novel 75.0 %"; of a single measure, which the unit's name says, "92.1 %";
 * of a unit that only trained, that it is done.
 */
export function accuracies(result: UnitResult | undefined): string {
  const figures = Object.entries(result?.measures ?? {}).map(
    ([name, { metrics }]) => [name, `${metrics.accuracy.toFixed(1)} %`] as const,
  )
  if (figures.length === 1) return figures[0]![1]
  return figures.map((figure) => figure.join(' ')).join(', ') || 'done'
}
