import { SlurmError, slurm } from './commands.js'

/** One task of a job array as Slurm knows it. */
export interface QueuedTask {
  /** As Slurm names it: PENDING, RUNNING, COMPLETED, … */
  readonly state: string
  /** Why it waits, or why it ended. */
  readonly reason: string
}

const ended = new Set([
  'BOOT_FAIL',
  'CANCELLED',
  'COMPLETED',
  'DEADLINE',
  'FAILED',
  'NODE_FAIL',
  'OUT_OF_MEMORY',
  'PREEMPTED',
  'REVOKED',
  'TIMEOUT',
])

/** Whether a task still waits or runs. */
export const isActive = (task: QueuedTask | undefined): boolean =>
  task !== undefined && !ended.has(task.state)

export const isPending = ({ state }: QueuedTask): boolean => /^(PENDING|REQUEUE|CONFIGURING)/.test(state)

/** Whether Slurm has cancelled a task because what it waits for failed. */
export const lostDependency = (task: QueuedTask | undefined): boolean =>
  task?.reason === 'DependencyNeverSatisfied'

/** Key of a task among those of {@link queue}. */
export const taskKey = (job: string, index: number): string => `${job}_${index}`

/**
 * What Slurm knows of the tasks of job arrays, by `<job>_<index>`. It forgets a job some minutes after its end, sooner
 * than a follower may look.
 *
 * @throws SlurmError when Slurm does not answer
 */
export async function queue(jobs: readonly string[]): Promise<ReadonlyMap<string, QueuedTask>> {
  if (jobs.length === 0) return new Map()
  const args = ['--noheader', '--array', '--states=all', `--jobs=${jobs.join(',')}`, '--format=%F|%K|%T|%r']
  let table: string
  try {
    table = await slurm('squeue', args)
  } catch (error) {
    // It says so of a single job that it has forgotten.
    if (error instanceof SlurmError && /invalid job id/i.test(error.message)) return new Map()
    throw error
  }
  return new Map(
    table.split('\n').flatMap((line) => {
      const [job, index, state, reason] = line.trim().split('|')
      return job && index && state
        ? [[taskKey(job, Number(index)), { state, reason: reason ?? '' }] as const]
        : []
    }),
  )
}

/** How a task that the queue has forgotten ended, where the cluster keeps accounts. */
export async function accountedState(job: string, index: number): Promise<string | undefined> {
  const args = ['--noheader', '--parsable2', '--allocations', `--jobs=${taskKey(job, index)}`]
  const text = await slurm('sacct', [...args, '--format=State']).catch(() => '')
  // Such as CANCELLED by 1000.
  return text.trim().split('\n').at(-1)?.split(' ')[0] || undefined
}

/** Greatest number of an array's tasks, whose indices begin at 1. */
export async function maxArrayTasks(): Promise<number> {
  const found = /^MaxArraySize\s*=\s*(\d+)/m.exec(await slurm('scontrol', ['show', 'config']))
  return Math.max(1, Number(found?.[1] ?? 1001) - 1)
}
