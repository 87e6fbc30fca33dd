import type { UnitFailure, UnitResult } from '../units/unit-files.js'

/** A unit to be done: a folder with a `unit.json` (see `src/units`). */
export interface UnitTask {
  readonly folder: string
  /** For tables and job names. */
  readonly name: string
  /** Folders of units that must be finished before this one begins. */
  readonly after: readonly string[]
}

/** Where a task is. `blocked`: a unit that it needs has failed. */
export type TaskState = 'waiting' | 'queued' | 'running' | 'done' | 'failed' | 'blocked'

/** A task's new state, or its progress. */
export interface TaskUpdate {
  readonly task: UnitTask
  readonly state: TaskState
  /** Share of the work done, 0 to 1, where it is known. */
  readonly share?: number
  /** Of a queued task: what it waits for, in the engine's words. */
  readonly note?: string
  /** Of a done task. */
  readonly result?: UnitResult
  /** Of a done task: whether an earlier call had finished it. */
  readonly reused?: boolean
  /** Of a failed or blocked task: why, and what to do. */
  readonly failure?: UnitFailure
}

/** What every engine is told. */
export interface EngineOptions {
  /** Threads of ONNX Runtime in each unit. */
  readonly threads?: number
  readonly signal?: AbortSignal
  readonly onUpdate?: (update: TaskUpdate) => void
  /** A line about the engine itself, such as the ids of jobs. */
  readonly onMessage?: (line: string) => void
}

/**
 * Does units by `promptsrc unit FOLDER`, each in a process of its own, somewhere. What is finished lies in the units'
 * folders, so that an engine keeps nothing that a restart would need.
 */
export interface Engine {
  readonly name: string
  /** What to tell the user when the signal aborts: what goes on, and how to come back. */
  interruption(): string
  /**
   * Does all tasks that are not finished, in their order as far as they do not wait for each other; returns when every
   * one is done, failed or blocked. An engine that was asked only to hand them over returns when they are queued.
   *
   * @throws the signal's reason when it aborts; UserError when the engine itself cannot work
   */
  run(tasks: readonly UnitTask[], options: EngineOptions): Promise<void>
}
