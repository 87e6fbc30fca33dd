import { setMaxListeners } from 'node:events'
import { TrainingError, UserError } from '../../core/errors.js'
import { spawnUnit } from '../units/spawn-unit.js'
import type { UnitResult } from '../units/unit-files.js'
import type { Engine, EngineOptions, UnitTask } from './engine.js'
import { Parallel } from './parallel.js'
import { failureFrom, outcomeOf, TaskBoard } from './task-board.js'

/** Options of {@link localEngine}. */
export interface LocalOptions {
  /** Units at once; by default as many as cores and free memory allow. */
  readonly jobs?: number
  /** Command line that does a unit, without its folder and threads; default: this package's own program. */
  readonly command?: readonly string[]
  /** How a unit is done, for tests. */
  readonly spawn?: typeof spawnUnit
}

/** Does units on this machine, several at once. They end when this process ends, whatever ends it. */
export function localEngine({ jobs, command, spawn = spawnUnit }: LocalOptions = {}): Engine {
  const doUnit: typeof spawnUnit = (folder, options) =>
    spawn(folder, { ...options, ...(command ? { command } : {}) })
  return {
    name: 'local',
    interruption: () => 'Interrupted. The same call goes on; finished runs are not repeated.',
    run: (tasks, options) => runLocally(tasks, options, jobs, doUnit),
  }
}

async function runLocally(
  tasks: readonly UnitTask[],
  { threads, signal, onUpdate }: EngineOptions,
  jobs: number | undefined,
  doUnit: typeof spawnUnit,
): Promise<void> {
  const { board, results } = await TaskBoard.open(tasks, onUpdate)
  const peaks = results.map(({ peakMemoryMB }) => peakMemoryMB)
  const parallel = new Parallel(peaks, jobs)
  const each = threads ?? parallel.threads
  const stop = new AbortController()
  const ended = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  // Every running unit listens.
  setMaxListeners(0, ended)

  const work = async (task: UnitTask): Promise<void> => {
    board.set(task, 'running', { share: 0 })
    try {
      await doUnit(task.folder, {
        signal: ended,
        onProgress: ({ share }) => board.set(task, 'running', { share }),
        ...(each === undefined ? {} : { threads: each }),
      })
      const result = await finished(task)
      parallel.learn(result.peakMemoryMB)
      board.set(task, 'done', { result })
    } catch (error) {
      ended.throwIfAborted()
      if (!(error instanceof UserError)) throw error
      board.fail(task, failureFrom(error))
    }
  }

  const running = new Map<UnitTask, Promise<void>>()
  try {
    for (;;) {
      ended.throwIfAborted()
      for (const task of board.ready().slice(0, Math.max(0, parallel.limit - running.size))) {
        running.set(
          task,
          work(task).finally(() => running.delete(task)),
        )
      }
      if (running.size === 0) return
      await Promise.race(running.values())
    }
  } catch (error) {
    stop.abort(error)
    await Promise.allSettled(running.values())
    throw error
  }
}

async function finished({ folder }: UnitTask): Promise<UnitResult> {
  const found = await outcomeOf(folder)
  if (found instanceof UserError) throw found
  if (!found) {
    throw new TrainingError(`its process ended, but ${folder} holds no result`, {
      hint: 'Something removes files there, or gave it another unit.json meanwhile; try the same call again.',
    })
  }
  return found
}
