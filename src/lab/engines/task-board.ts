import { join, relative, resolve } from 'node:path'
import { ConfigError, UserError } from '../../core/errors.js'
import { removeDeadLock } from '../../node/files/lock.js'
import { readResult, readUnit, type UnitFailure, type UnitResult, unitFiles } from '../units/unit-files.js'
import type { EngineOptions, TaskState, TaskUpdate, UnitTask } from './engine.js'

/** The states of an engine's tasks, and which may begin. */
export class TaskBoard {
  private readonly states = new Map<string, TaskState>()
  /** Tasks by folder. */
  private readonly byFolder: ReadonlyMap<string, UnitTask>

  private constructor(
    tasks: readonly UnitTask[],
    private readonly onUpdate: EngineOptions['onUpdate'],
  ) {
    this.byFolder = new Map(tasks.map((task) => [resolve(task.folder), task]))
    for (const folder of this.byFolder.keys()) this.states.set(folder, 'waiting')
  }

  /**
   * The tasks with what earlier calls finished as done, and what cannot be read or lacks what it needs as failed.
   *
   * @throws ConfigError when tasks wait for each other in a circle
   */
  static async open(
    tasks: readonly UnitTask[],
    onUpdate: EngineOptions['onUpdate'],
  ): Promise<{ board: TaskBoard; results: UnitResult[] }> {
    const board = new TaskBoard(tasks, onUpdate)
    board.refuseCircles()
    const results: UnitResult[] = []
    for (const task of board.tasks) {
      const found = await outcomeOf(task.folder)
      if (found instanceof UserError) board.fail(task, failureFrom(found))
      else if (found) {
        results.push(found)
        // A process that was killed between its result and its end leaves its lock, which nobody would take any more.
        await removeDeadLock(join(task.folder, unitFiles.lock))
        board.set(task, 'done', { result: found, reused: true })
      }
    }
    for (const task of board.tasks) {
      const missing = await board.missingNeed(task)
      if (missing !== undefined && board.stateOf(task) === 'waiting') board.block(task, missing)
    }
    return { board, results }
  }

  /** Each folder's task once, in their order. */
  get tasks(): readonly UnitTask[] {
    return [...this.byFolder.values()]
  }

  stateOf(task: UnitTask): TaskState {
    return this.states.get(resolve(task.folder))!
  }

  /** Whether a task is neither done nor given up. */
  isOpen(task: UnitTask): boolean {
    return ['waiting', 'queued', 'running'].includes(this.stateOf(task))
  }

  /** Tasks among these that a task needs and that are not done. */
  openNeeds({ after }: UnitTask): UnitTask[] {
    return after
      .flatMap((folder) => this.byFolder.get(resolve(folder)) ?? [])
      .filter((need) => this.stateOf(need) !== 'done')
  }

  /** Waiting tasks that need nothing more, in their order. */
  ready(): UnitTask[] {
    return this.tasks.filter((task) => this.stateOf(task) === 'waiting' && this.openNeeds(task).length === 0)
  }

  /** Sets a task's state and tells it. */
  set(task: UnitTask, state: TaskState, details: Omit<TaskUpdate, 'task' | 'state'> = {}): void {
    this.states.set(resolve(task.folder), state)
    this.onUpdate?.({ task, state, ...details })
  }

  /** Sets a task as failed, and what needs it as blocked. */
  fail(task: UnitTask, failure: UnitFailure): void {
    this.set(task, 'failed', { failure })
    this.blockDependants(task)
  }

  private blockDependants(need: UnitTask): void {
    for (const task of this.tasks) {
      if (this.isOpen(task) && this.openNeeds(task).includes(need)) this.block(task, need.name)
    }
  }

  private block(task: UnitTask, need: string): void {
    const message = `needs ${need}, which is not done`
    this.set(task, 'blocked', { failure: { message, hint: 'The same call tries both again.' } })
    this.blockDependants(task)
  }

  /** A needed folder that is neither done nor among the tasks. */
  private async missingNeed({ after }: UnitTask): Promise<string | undefined> {
    for (const folder of after) {
      if (this.byFolder.has(resolve(folder))) continue
      const found = await outcomeOf(folder)
      if (!found || found instanceof UserError) return relative('.', folder)
    }
    return undefined
  }

  private refuseCircles(): void {
    const passed = new Set<UnitTask>()
    for (let left = this.tasks; left.length > 0; ) {
      const free = left.filter((task) => this.openNeeds(task).every((need) => passed.has(need)))
      if (free.length === 0) {
        throw new ConfigError(`${left.map(({ name }) => name).join(', ')} wait for each other`)
      }
      for (const task of free) passed.add(task)
      left = left.filter((task) => !passed.has(task))
    }
  }
}

/** What lies in a unit's folder: its result; undefined where it is not finished; the error where it is no unit. */
export async function outcomeOf(folder: string): Promise<UnitResult | UserError | undefined> {
  try {
    return await readResult(folder, await readUnit(folder))
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}

/** An error as units keep it. */
export const failureFrom = ({ message, hint }: UserError): UnitFailure => ({
  message,
  ...(hint ? { hint } : {}),
})
