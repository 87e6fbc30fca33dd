import { summarizePairs } from '../../core/evaluate/statistics.js'
import type { Figure, Replicate, ResultRow, ResultTable } from './result-table.js'

/**
 * What one figure is beyond another, by pairs: on the same draw, or with the same seed, so that what the pictures do to
 * both is taken out. The interval is Student's t over the pairs. What has no seed stands beside every seed of the other.
 * Undefined where nothing pairs.
 */
export function pairedFigure(a: Figure, b: Figure): Figure | undefined {
  const pairs = pairsOf(a.runs, b.runs)
  if (pairs.length === 0) return undefined
  const summary = summarizePairs(
    pairs.map(([{ value }]) => value),
    pairs.map(([, { value }]) => value),
  )
  const { dataset, quantity } = a
  const runs = pairs.map(([one, other]) => ({
    ...(one.seed === null && one.draw === undefined ? other : one),
    value: one.value - other.value,
  }))
  return { dataset, quantity, ...summary, runs, missing: [], paper: null }
}

function pairsOf(a: readonly Replicate[], b: readonly Replicate[]): [Replicate, Replicate][] {
  const keyOf = ({ draw, seed }: Replicate) => draw ?? seed
  const isConstant = (runs: readonly Replicate[]) => runs.length === 1 && keyOf(runs[0]!) === null
  if (isConstant(b)) return a.map((one) => [one, b[0]!])
  if (isConstant(a)) return b.map((other) => [a[0]!, other])
  return a.flatMap((one) => {
    const other = b.find((run) => keyOf(run) === keyOf(one))
    return other ? [[one, other] as [Replicate, Replicate]] : []
  })
}

/** The row that the others are taken from: PromptSRC, or the last where there is none. */
export const minuendAmong = <T>(rows: readonly T[], methodOf: (row: T) => string): T | undefined =>
  rows.find((row) => methodOf(row) === 'promptsrc') ?? rows.at(-1)

/** A table of what one row is beyond each other, by pairs. */
export interface DifferenceTable extends ResultTable {
  /** Title of the row that the others are taken from. */
  readonly minuend: string
}

/** See {@link DifferenceTable}; undefined where there are not two rows with several pairs. */
export function differencesOf(table: ResultTable): DifferenceTable | undefined {
  const measured = table.rows.filter(({ origin }) => origin === 'measured')
  const first = minuendAmong(measured, ({ method }) => method)
  if (!first) return undefined
  const own = measured.filter(({ method }) => method === first.method)
  const rows = measured.flatMap((other) => {
    if (other.method === first.method) return []
    // What needs no training stands beside every number of shots.
    return own
      .filter(({ shots }) => other.shots === null || shots === other.shots)
      .flatMap((row) => differenceRow(row, other) ?? [])
  })
  return rows.length > 0 ? { ...table, rows, minuend: first.title } : undefined
}

function differenceRow(row: ResultRow, other: ResultRow): ResultRow | undefined {
  const figures = row.figures.flatMap((figure) => {
    const beside = other.figures.find(
      ({ dataset, quantity }) => dataset === figure.dataset && quantity === figure.quantity,
    )
    return (beside && pairedFigure(figure, beside)) ?? []
  })
  const runs = figures.flatMap(({ runs }) => runs)
  if (figures.every(({ interval }) => interval === null)) return undefined
  const rising = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b)
  return {
    ...other,
    title: `${row.title} − ${other.title}`,
    shots: row.shots,
    seeds: rising(runs.flatMap(({ seed }) => seed ?? [])),
    draws: rising(runs.flatMap(({ draw }) => draw ?? [])),
    figures,
  }
}
