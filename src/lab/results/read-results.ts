import { UserError } from '../../core/errors.js'
import type { FinishedUnit } from '../plans/do-units.js'
import { findRuns } from './find-runs.js'
import { joinFindings, type Problem } from './found.js'
import type { Observation } from './observation.js'
import { readReferenceLogs } from './read-reference-logs.js'
import { observationsIn, readUnits } from './read-units.js'
import { type Repeat, tellApart, withoutRepeats } from './tell-apart.js'

/** All results below some folders, each run once. */
export interface Results {
  readonly observations: readonly Observation[]
  /** Folders and log files of runs without a result yet. */
  readonly unfinished: readonly string[]
  readonly failed: readonly Problem[]
  readonly damaged: readonly Problem[]
  /** Runs that were found more than once. */
  readonly repeats: readonly Repeat[]
}

/** What {@link readResults} may be told. */
export interface ReadOptions {
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Reads the results of benchmarks and comparisons, and those of the PyTorch reference, below the folders.
 *
 * @throws UserError for a folder that is none, or where none has a result
 */
export async function readResults(
  folders: readonly string[],
  { onProgress }: ReadOptions = {},
): Promise<Results> {
  const { units, logs } = await findRuns(folders)
  let done = 0
  const onDone = () => onProgress?.(++done, units.length + logs.length)
  const { found, unfinished, failed, damaged } = joinFindings([
    await readUnits(units, onDone),
    await readReferenceLogs(logs, onDone),
  ])
  if (found.length === 0) throw noResult(folders, { unfinished, failed, damaged })
  const { once, repeats } = withoutRepeats(tellApart(found))
  return { observations: once, unfinished, failed, damaged, repeats }
}

/** The results of units that were just done, as {@link readResults} would find them. */
export const resultsOf = (units: readonly FinishedUnit[]): Results => ({
  observations: observationsIn(units),
  unfinished: units.flatMap(({ folder, result, failure }) => (result || failure ? [] : [folder])),
  failed: units.flatMap(({ folder, failure }) =>
    failure ? [{ path: folder, message: failure.message }] : [],
  ),
  damaged: [],
  repeats: [],
})

function noResult(
  folders: readonly string[],
  { unfinished, failed, damaged }: Pick<Results, 'unfinished' | 'failed' | 'damaged'>,
): UserError {
  const where = folders.join(', ')
  if (failed.length + damaged.length + unfinished.length === 0) {
    return new UserError(`no results below ${where}`, {
      hint: 'Results are folders with unit.json, as `promptsrc bench` and `promptsrc compare` make them, or log.txt files of the PyTorch reference.',
    })
  }
  const counts = [
    [unfinished.length, 'not finished'],
    [failed.length, 'failed'],
    [damaged.length, 'damaged'],
  ] as const
  const text = counts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(', ')
  const first = damaged[0] ?? failed[0]
  const example = first ? `; the first: ${first.message}` : ''
  return new UserError(`no finished runs below ${where}: ${text}${example}`, {
    hint: 'Give the command again that made them; it goes on where it was stopped.',
  })
}
