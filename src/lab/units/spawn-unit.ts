import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { TrainingError } from '../../core/errors.js'
import { unitCommand } from './unit-command.js'
import { clearFailure, readFailure } from './unit-files.js'

/** Last characters kept of what a process says. */
const TAIL = 4000

const AGAIN = 'The same call goes on where it was stopped.'

/** How far a unit is, as its process tells the one that started it. */
export interface UnitProgress {
  /** Share of the work done, 0 to 1. */
  readonly share: number
}

/** Options of {@link spawnUnit}. */
export interface SpawnUnitOptions {
  /** Does a unit, without its folder and threads; default: `unitCommand()`. */
  readonly command?: readonly string[]
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: UnitProgress) => void
}

/**
 * Does a unit in a process of its own by the command line, so that speed and memory are those of this unit alone. The
 * process ends at once when the signal aborts or this process dies; what it has on disk is whole at any moment.
 *
 * @throws TrainingError with why the process failed; UserError when the folder cannot be written; the signal's reason when
 *   it aborts
 */
export const spawnUnit = (folder: string, options: SpawnUnitOptions = {}): Promise<void> =>
  inProcess(folder, options)

/**
 * Processes that do one unit after the other, and so load program, model and drawn pictures once. Memory of a unit is then
 * that of the process, with what earlier units left.
 */
export class KeptProcesses {
  private readonly idle: UnitProcess[] = []

  /** {@link spawnUnit} in a process that is free, else in a new one. */
  readonly spawn: typeof spawnUnit = (folder, options = {}) => inProcess(folder, options, this.idle)

  /** Ends the processes that are free. */
  end(): void {
    for (const { child } of this.idle.splice(0)) if (child.connected) child.disconnect()
  }
}

/** What the process of a unit tells the one that started it. */
export type UnitMessage = UnitProgress | { readonly finished: true }

interface UnitProcess {
  readonly child: ChildProcess
  readonly ended: Promise<readonly [code: number | null, by: NodeJS.Signals | null]>
  /** The last of what it said. */
  said: string
}

/** @param idle processes that can be taken, to which the unit's own is added if it is kept and did its work */
async function inProcess(folder: string, options: SpawnUnitOptions, idle?: UnitProcess[]): Promise<void> {
  const { signal, onProgress } = options
  // A process that fails before it has the unit says nothing there, and an earlier failure would be taken for its own.
  await clearFailure(folder)
  signal?.throwIfAborted()
  const free = idle?.pop()
  const unit = free ?? start(folder, options, idle !== undefined)
  const { child } = unit
  let tellFinished!: (value: 'finished') => void
  const done = new Promise<'finished'>((resolve) => {
    tellFinished = resolve
  })
  const listen = (message: unknown) => {
    const told = message as UnitMessage
    if ('share' in told) onProgress?.(told)
    else tellFinished('finished')
  }
  child.on('message', listen)
  const stop = () => {
    if (child.connected) child.disconnect()
  }
  signal?.addEventListener('abort', stop, { once: true })
  try {
    if (free) child.send({ folder }, () => {})
    const outcome = await Promise.race([done, unit.ended])
    signal?.throwIfAborted()
    if (outcome === 'finished') {
      idle?.push(unit)
      return
    }
    const [code, by] = outcome
    if (code !== 0) throw await failure(folder, unit.said, code, by)
  } finally {
    child.off('message', listen)
    signal?.removeEventListener('abort', stop)
  }
}

function start(
  folder: string,
  { command = unitCommand(), threads }: SpawnUnitOptions,
  kept: boolean,
): UnitProcess {
  const [program, ...args] = command
  const own = [
    folder,
    ...(threads === undefined ? [] : ['--threads', `${threads}`]),
    ...(kept ? ['--kept'] : []),
  ]
  const child = spawn(program!, [...args, ...own], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  // Not 'close': it does not come where this side has closed the channel.
  const ended = Promise.all([
    once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
    finished(child.stderr!),
  ]).then(([exit]) => exit)
  // Whoever waits for the process is told; where nobody does any more, nobody is to be.
  ended.catch(() => {})
  const unit: UnitProcess = { child, ended, said: '' }
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    unit.said = (unit.said + text).slice(-TAIL)
  })
  return unit
}

async function failure(
  folder: string,
  said: string,
  code: number | null,
  by: NodeJS.Signals | null,
): Promise<TrainingError> {
  if (by !== null) {
    if (by !== 'SIGKILL') return new TrainingError(`its process was ended by ${by}`, { hint: AGAIN })
    return new TrainingError('its process was ended by SIGKILL; the system does so when memory runs out', {
      hint: `${AGAIN} With fewer --jobs each has more memory.`,
    })
  }
  const known = await readFailure(folder)
  if (known) return new TrainingError(known.message, known.hint ? { hint: known.hint } : {})
  const last = said.trim().split('\n').at(-1)
  return new TrainingError(last || `its process ended with code ${code}`, { hint: AGAIN })
}
