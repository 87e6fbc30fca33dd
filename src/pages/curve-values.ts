import type { Curve } from './report-data.js'

/** Mean over runs for every epoch that some run has. */
export function meanOverRuns({ runs }: Curve): number[] {
  const epochs = Math.max(0, ...runs.map(({ length }) => length))
  return Array.from({ length: epochs }, (_, i) => {
    const values = runs.flatMap((run) => run[i] ?? [])
    return values.reduce((sum, value) => sum + value, 0) / values.length
  })
}

/** Three digits after the point for ordinary numbers, three digits for small ones, an exponent for very small ones. */
export function formatValue(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1)
  return Math.abs(value) < 0.1 ? value.toPrecision(3) : value.toFixed(Math.abs(value) < 10 ? 3 : 1)
}
