import { UserError } from '../core/errors.js'
import type { Activation } from '../core/model.js'
import { type ModelReference, referenceTo } from '../core/model-reference.js'
import type { Engine, UnitTask } from '../lab/engines/engine.js'
import { doUnits, type FinishedUnit } from '../lab/plans/do-units.js'
import type { PlannedUnit } from '../lab/plans/plan.js'
import type { UnitResult } from '../lab/units/unit-files.js'
import { showingDownloads } from './download-progress.js'
import { interruptible } from './interrupt.js'
import { type LiveTable, startLiveTable } from './live-table.js'

/** An engine at work before a user: a live table of its units, and Ctrl-C that says how to come back. */
export class Work {
  /** Aborts on Ctrl-C, before units are done as well. */
  readonly signal: AbortSignal
  private view: LiveTable | undefined

  constructor(private readonly engine: Engine) {
    this.signal = interruptible(() => {
      this.view?.stop()
      return engine.interruption()
    })
  }

  /** Begins the table of these units. */
  watch(tasks: readonly UnitTask[]): LiveTable {
    this.view = startLiveTable(tasks, { outcome: ({ result }) => accuracies(result) })
    return this.view
  }

  /**
   * Does planned units and says how many were done before.
   *
   * @param advice how to repeat those
   */
  async do(
    units: readonly PlannedUnit[],
    { threads, advice = '' }: { threads?: number | undefined; advice?: string } = {},
  ): Promise<FinishedUnit[]> {
    const view = this.watch(units.map(({ folder, name, after }) => ({ folder, name, after })))
    const finished = await doUnits(units, this.engine, {
      signal: this.signal,
      ...(threads === undefined ? {} : { threads }),
      onMessage: view.say,
      onUpdate: view.update,
    }).finally(view.stop)
    const before = finished.filter(({ reused }) => reused).length
    if (before > 0) process.stderr.write(`${before} of ${units.length} runs were done before${advice}\n`)
    return finished
  }
}

/**
 * A finished unit's figures in a line: "base 92.1 %, novel 75.0 %"; of a single measure, which the unit's name says, "92.1 %";
 * of a unit that only trained, that it is done.
 */
function accuracies(result: UnitResult | undefined): string {
  const figures = Object.entries(result?.measures ?? {}).map(
    ([name, { metrics }]) => [name, `${metrics.accuracy.toFixed(1)} %`] as const,
  )
  if (figures.length === 1) return figures[0]![1]
  return figures.map((figure) => figure.join(' ')).join(', ') || 'done'
}

/** A model as units name it. It is loaded to fetch and to identify it. */
export async function identified(
  {
    model: name,
    activation,
    frames,
  }: {
    readonly model: string
    readonly activation?: Activation | undefined
    readonly frames?: number | undefined
  },
  signal: AbortSignal,
): Promise<ModelReference> {
  // `units`, which shares this file, loads no model.
  const { loadModel } = await import('../node/model.js')
  const model = await showingDownloads((onProgress) =>
    loadModel(name, { activation, frames, signal, onProgress }),
  )
  return referenceTo(model).finally(() => model.close())
}

/** Ends a command whose runs failed: says of each why, and throws. Does nothing where none has failed. */
export function failFor(lines: readonly string[], total: number): void {
  if (lines.length === 0) return
  for (const line of lines) process.stderr.write(`failed: ${line}\n`)
  throw new UserError(`${lines.length} of ${total} runs failed`, {
    hint: 'The same call tries them again; finished runs are not repeated.',
  })
}
