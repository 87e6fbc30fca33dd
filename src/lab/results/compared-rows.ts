import { medianOf } from '../../core/evaluate/statistics.js'
import type { FinishedUnit } from '../plans/do-units.js'
import type { Entry } from '../plans/entries.js'
import type { UnitResult } from '../units/unit-files.js'
import { aggregate } from './aggregate.js'
import type { Quantity } from './observation.js'
import { observationsIn } from './read-units.js'
import { type Figure, figureOf } from './result-table.js'

/** A unit with its result. */
export type DoneUnit = FinishedUnit & { readonly result: UnitResult }

/** A row of a comparison over its finished seeds: its figures, and what it costs. */
export interface ComparedRow {
  readonly entry: Entry
  /** Finished units in the order of their seeds. */
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

/** A row's accuracy in percent with one seed; null where there is none. */
export const valueAt = (figure: Figure | null, seed: number | null): number | null =>
  figure?.runs.find((run) => run.seed === seed)?.value ?? null
