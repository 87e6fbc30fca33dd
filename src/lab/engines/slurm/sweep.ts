import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { counted } from '../../../core/counted.js'
import { UserError } from '../../../core/errors.js'
import { writeError } from '../../../node/files/atomic.js'
import { withFileLock } from '../../../node/files/lock.js'
import { makeFolder } from '../../../node/files/make-folder.js'
import { unitCommand } from '../../units/unit-command.js'
import { clearFailure, readFailure, readUnit } from '../../units/unit-files.js'
import { shareOnDisk } from '../../units/unit-progress.js'
import type { EngineOptions, UnitTask } from '../engine.js'
import { failureFrom, outcomeOf, TaskBoard } from '../task-board.js'
import { type Place, planArrays } from './arrays.js'
import { SlurmError } from './commands.js'
import { jobFailure } from './failure.js'
import { resourceArguments, type SlurmOptions } from './options.js'
import {
  isActive,
  isPending,
  lostDependency,
  maxArrayTasks,
  type QueuedTask,
  queue,
  taskKey,
} from './queue.js'
import { type Placement, Submissions } from './submissions.js'

const POLL_MS = 10_000
/** Looks at a job that has ended before it counts as failed: network drives show files late, and jobs are requeued. */
const LOOKS = 3
/** Looks in a row at a Slurm that does not answer before following ends. */
const SILENT_LOOKS = 60

/** One call's work with Slurm: it brings the queue in line with what is to be done until nothing is open. */
export class SlurmSweep {
  /** Where open tasks are in the queue. */
  private readonly placed = new Map<UnitTask, Placement>()
  /** Looks at open tasks whose jobs have ended. */
  private readonly looks = new Map<UnitTask, number>()
  private readonly submissions: Submissions
  private silent = 0
  private most: number | undefined

  private constructor(
    private readonly board: TaskBoard,
    folder: string,
    private readonly options: SlurmOptions,
    private readonly engine: EngineOptions,
  ) {
    this.submissions = new Submissions(folder)
  }

  static async open(
    tasks: readonly UnitTask[],
    folder: string,
    options: SlurmOptions,
    engine: EngineOptions,
  ): Promise<SlurmSweep> {
    const { board } = await TaskBoard.open(tasks, engine.onUpdate)
    return new SlurmSweep(board, folder, options, engine)
  }

  /** Jobs of open tasks. */
  get activeJobs(): string[] {
    const jobs = new Set(this.open.flatMap((task) => this.placed.get(task)?.job ?? []))
    return [...jobs].sort((a, b) => Number(a) - Number(b))
  }

  /** Submits what is not in the queue, and follows until nothing is open, or only submits. */
  async finish(): Promise<void> {
    if (this.open.length === 0) return
    await this.exclusively(async () => {
      await this.adopt()
      await this.submit(this.open)
    })
    if (this.options.submitOnly) return
    for (;;) {
      await this.look()
      if (this.open.length === 0) return
      await this.pause()
    }
  }

  private get open(): UnitTask[] {
    return this.board.tasks.filter((task) => this.board.isOpen(task))
  }

  /** Two calls at once must not both submit. */
  private async exclusively(work: () => Promise<void>): Promise<void> {
    const { folder } = this.submissions
    await makeFolder(folder).catch((cause) => {
      throw writeError(folder, cause)
    })
    const { signal } = this.engine
    await withFileLock(join(folder, 'lock'), work, signal ? { signal } : {})
  }

  /** Finds tasks that an earlier call has submitted and that still wait or run. Others are tried anew. */
  private async adopt(): Promise<void> {
    const placements = await this.submissions.placements()
    const found = this.open.flatMap((task) => {
      const placement = placements.get(resolve(task.folder))
      return placement ? [{ task, placement }] : []
    })
    const states = await queue([...new Set(found.map(({ placement }) => placement.job))])
    for (const { task, placement } of found) {
      const known = states.get(taskKey(placement.job, placement.index))
      if (isActive(known)) await this.show(task, placement, known!)
      // It may have been finished between the first look into its folder and this one at the queue.
      else await this.takeResult(task)
    }
    if (this.placed.size > 0) {
      this.engine.onMessage?.(
        `following ${counted(this.placed.size, 'run')} of an earlier call: ${this.jobList()}`,
      )
    }
  }

  /** Submits those of the tasks that are not in the queue, after what they need. */
  private async submit(tasks: readonly UnitTask[]): Promise<void> {
    let left = tasks.filter((task) => !this.placed.has(task) && this.board.isOpen(task))
    if (left.length === 0) return
    this.most ??= await maxArrayTasks()
    for (;;) {
      const wave = left.filter((task) => this.board.openNeeds(task).every((need) => this.inQueue(need)))
      if (wave.length === 0) return
      const places = (task: UnitTask): Place[] =>
        this.board.openNeeds(task).map((need) => this.placed.get(need)!)
      for (const array of planArrays(wave, places, this.most)) await this.submitArray(array)
      left = left.filter((task) => !this.placed.has(task))
    }
  }

  private async submitArray(array: ReturnType<typeof planArrays>[number]): Promise<void> {
    this.engine.signal?.throwIfAborted()
    const tasks = [...array.tasks.values()]
    for (const { folder } of tasks) await clearFailure(folder)
    const { resources = {}, command = unitCommand(), jobs } = this.options
    const common = resourceArguments(resources, this.engine.threads)
    const { job, placements } = await this.submissions.submit(array, common, command, jobs)
    for (const task of tasks) {
      this.placed.set(task, placements.get(resolve(task.folder))!)
      this.looks.delete(task)
      this.board.set(task, 'queued')
    }
    this.engine.onMessage?.(`submitted Slurm job ${job}: ${counted(tasks.length, 'run')}`)
  }

  /** Whether a task's job waits or runs as far as was seen last. */
  private inQueue(task: UnitTask): boolean {
    return this.placed.has(task) && !this.looks.has(task)
  }

  /** Asks Slurm and looks into the folders once. */
  private async look(): Promise<void> {
    const states = await this.ask()
    for (const task of this.open) {
      const placement = this.placed.get(task)
      // It may have been blocked in this very round.
      if (!placement || !this.board.isOpen(task)) continue
      const known = states?.get(taskKey(placement.job, placement.index))
      if (isActive(known)) await this.show(task, placement, known!)
      else await this.settle(task, placement, states && { known })
    }
    const lost = this.open.filter((task) => !this.placed.has(task))
    if (states && lost.length > 0) await this.exclusively(() => this.submit(lost))
  }

  /** The queue; undefined where Slurm does not answer, which passes. */
  private async ask(): Promise<ReadonlyMap<string, QueuedTask> | undefined> {
    try {
      const states = await queue(this.activeJobs)
      this.silent = 0
      return states
    } catch (error) {
      if (!(error instanceof SlurmError) || ++this.silent >= SILENT_LOOKS) throw error
      if (this.silent === 1) this.engine.onMessage?.(`${error.message}; asking again`)
      return undefined
    }
  }

  private async show(task: UnitTask, placement: Placement, known: QueuedTask): Promise<void> {
    this.placed.set(task, placement)
    this.looks.delete(task)
    if (isPending(known)) {
      const note = known.reason === 'None' ? undefined : known.reason
      this.board.set(task, 'queued', note ? { note } : {})
      return
    }
    // What vanished or was damaged meanwhile shows when the job ends.
    const spec = await readUnit(task.folder).catch(() => undefined)
    const share = spec ? await shareOnDisk(task.folder, spec) : 0
    this.board.set(task, 'running', { share })
  }

  /** Finds how a task ended that neither waits nor runs. `seen` is absent where Slurm did not answer. */
  private async settle(
    task: UnitTask,
    placement: Placement,
    seen: { readonly known: QueuedTask | undefined } | undefined,
  ): Promise<void> {
    if ((await this.takeResult(task)) || !seen) return
    const failure = await readFailure(task.folder)
    if (failure) return this.board.fail(task, failure)
    const looks = (this.looks.get(task) ?? 0) + 1
    this.looks.set(task, looks)
    if (looks < LOOKS) return
    // It never began. What it needs is either given up, and this with it, or was started again.
    if (lostDependency(seen.known)) this.placed.delete(task)
    else this.board.fail(task, await jobFailure(placement, seen.known))
  }

  /** Looks into a task's folder; returns whether that settles it. */
  private async takeResult(task: UnitTask): Promise<boolean> {
    const outcome = await outcomeOf(task.folder)
    if (outcome instanceof UserError) this.board.fail(task, failureFrom(outcome))
    else if (outcome) this.board.set(task, 'done', { result: outcome })
    return outcome !== undefined
  }

  private async pause(): Promise<void> {
    const { signal } = this.engine
    await delay(this.options.pollMs ?? POLL_MS, undefined, signal ? { signal } : {}).catch(() => {})
    signal?.throwIfAborted()
  }

  private jobList(): string {
    const jobs = this.activeJobs
    return `Slurm ${jobs.length === 1 ? 'job' : 'jobs'} ${jobs.join(', ')}`
  }
}
