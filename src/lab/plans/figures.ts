import { harmonicMean } from '../../core/evaluate/metrics.js'
import { medianOf, type Summary, summarize } from '../../core/evaluate/statistics.js'
import type { UnitResult } from '../units/unit-files.js'
import type { Comparison, Unit } from './comparison.js'
import type { Entry } from './entries.js'

/** Accuracy in percent among the base classes, and among the novel ones where the method knows them. */
export function accuraciesOf({ measures }: UnitResult): { base: number; novel: number | undefined } {
  return { base: measures.base!.metrics.accuracy, novel: measures.novel?.metrics.accuracy }
}

/** A row of a comparison over its finished seeds. */
export interface Row {
  readonly entry: Entry
  /** Finished units in the order of their seeds; none where all failed. */
  readonly units: readonly Unit[]
  /** Accuracy in percent. */
  readonly base: Summary
  /** Null where the method knows only the classes that it was shown. */
  readonly novel: Summary | null
  /**
   * Harmonic mean of base and novel accuracy. `mean` is that of the mean accuracies, as the paper computes it (section
   * 4.1); spread and interval are those of the seeds' harmonic means.
   */
  readonly hm: Summary | null
  /** Learned values. */
  readonly parameters: number
  /** Median over seeds of a seed's median, in seconds; null where nothing was trained by steps. */
  readonly stepSeconds: number | null
  /** Largest over seeds. */
  readonly peakMemoryMB: number
}

/** Rows of all entries that have a finished unit. */
export function rowsOf({ entries, units }: Comparison): Row[] {
  return entries.flatMap((entry) => {
    const own = units.filter((unit) => unit.entry === entry && unit.result)
    return own.length > 0 ? [rowOf(entry, own)] : []
  })
}

function rowOf(entry: Entry, units: readonly Unit[]): Row {
  const results = units.map(({ result }) => result!)
  const base = summarize(results.map((result) => accuraciesOf(result).base))
  const pairs = results
    .map(accuraciesOf)
    .flatMap(({ base, novel }) => (novel === undefined ? [] : [{ novel, hm: harmonicMean(base, novel) }]))
  const known = pairs.length === results.length
  const novel = known ? summarize(pairs.map((pair) => pair.novel)) : null
  return {
    entry,
    units,
    base,
    novel,
    hm: novel && {
      ...summarize(pairs.map((pair) => pair.hm)),
      mean: harmonicMean(base.mean, novel.mean),
    },
    parameters: results[0]!.parameters,
    stepSeconds: medianOf(results.flatMap(({ stepSeconds }) => stepSeconds ?? [])),
    peakMemoryMB: Math.max(...results.map(({ peakMemoryMB }) => peakMemoryMB)),
  }
}
