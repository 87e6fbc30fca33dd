import { harmonicMean } from '../../core/evaluate/metrics.js'
import { medianOf } from '../../core/evaluate/statistics.js'
import type { FinishedUnit } from '../plans/do-units.js'
import type { Entry } from '../plans/entries.js'
import type { UnitResult } from '../units/unit-files.js'
import { aggregate } from './aggregate.js'
import type { Quantity } from './observation.js'
import { minuendAmong, pairedFigure } from './paired.js'
import { observationsIn } from './read-units.js'
import { type Figure, figureOf } from './result-table.js'

/** A unit with its result. */
export type DoneUnit = FinishedUnit & { readonly result: UnitResult }

/** A row of a comparison over its finished seeds or draws: its figures, and what it costs. */
export interface ComparedRow {
  readonly entry: Entry
  /** Finished units in the order of the plan. */
  readonly units: readonly DoneUnit[]
  readonly base: Figure
  /** Null where the method knows only the classes that it was shown. */
  readonly novel: Figure | null
  readonly hm: Figure | null
  /** Learned values. */
  readonly parameters: number
  /** Median over seeds of a seed's median, in seconds; null where nothing was trained by steps. */
  readonly stepSeconds: number | null
  /** Largest over seeds. */
  readonly peakMemoryMB: number
}

/** The rows of a comparison that have a finished unit, in the order of the plan. */
export function comparedRows(units: readonly FinishedUnit[]): ComparedRow[] {
  const done = units.filter((unit): unit is DoneUnit => unit.result !== undefined)
  const [table] = aggregate(observationsIn(done), { paper: false })
  if (!table) return []
  const figure = ({ label }: Entry, quantity: Quantity): Figure | null => {
    const row = table.rows.find(({ method }) => method === label)
    return (row && figureOf(row, table.datasets[0]!, quantity)) ?? null
  }
  return [...new Set(units.map(({ entry }) => entry))].flatMap((entry) => {
    const own = done.filter((unit) => unit.entry === entry)
    if (own.length === 0) return []
    const results = own.map(({ result }) => result)
    return {
      entry,
      units: own,
      base: figure(entry, 'base')!,
      novel: figure(entry, 'novel'),
      hm: figure(entry, 'hm'),
      parameters: results[0]!.parameters,
      stepSeconds: medianOf(results.flatMap(({ stepSeconds }) => stepSeconds ?? [])),
      peakMemoryMB: Math.max(...results.map(({ peakMemoryMB }) => peakMemoryMB)),
    }
  })
}

/** A unit's accuracies in percent; null what its method cannot measure. */
export function accuraciesOf({ result }: DoneUnit): {
  readonly base: number
  readonly novel: number | null
  readonly hm: number | null
} {
  const base = result.measures.base!.metrics.accuracy
  const novel = result.measures.novel?.metrics.accuracy ?? null
  return { base, novel, hm: novel === null ? null : harmonicMean(base, novel) }
}

/** What one row is beyond another, by pairs of the same draw or seed. */
export interface RowDifference {
  readonly minuend: Entry
  readonly other: Entry
  readonly base: Figure
  readonly novel: Figure | null
  readonly hm: Figure | null
}

/** PromptSRC, or the last row where there is none, minus each other; none where nothing was measured several times. */
export function rowDifferences(rows: readonly ComparedRow[]): RowDifference[] {
  const minuend = minuendAmong(rows, ({ entry }) => entry.label)
  if (!minuend) return []
  return rows.flatMap((other) => {
    const base = other === minuend ? undefined : pairedFigure(minuend.base, other.base)
    if (!base?.interval) return []
    const beside = (a: Figure | null, b: Figure | null) => (a && b && pairedFigure(a, b)) ?? null
    return {
      minuend: minuend.entry,
      other: other.entry,
      base,
      novel: beside(minuend.novel, other.novel),
      hm: beside(minuend.hm, other.hm),
    }
  })
}
