import { spawn } from 'node:child_process'
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
export async function spawnUnit(folder: string, options: SpawnUnitOptions = {}): Promise<void> {
  const { command = unitCommand(), threads, signal, onProgress } = options
  // A process that fails before it has the unit says nothing there, and an earlier failure would be taken for its own.
  await clearFailure(folder)
  signal?.throwIfAborted()
  const [program, ...args] = command
  const own = [folder, ...(threads === undefined ? [] : ['--threads', `${threads}`])]
  const child = spawn(program!, [...args, ...own], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-TAIL)
  })
  child.on('message', (progress) => onProgress?.(progress as UnitProgress))
  const stop = () => {
    if (child.connected) child.disconnect()
  }
  signal?.addEventListener('abort', stop, { once: true })
  try {
    // Not 'close': it does not come where this side has closed the channel.
    const [[code, by]] = await Promise.all([
      once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
      finished(child.stderr!),
    ])
    signal?.throwIfAborted()
    if (code !== 0) throw await failure(folder, said, code, by)
  } finally {
    signal?.removeEventListener('abort', stop)
  }
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
