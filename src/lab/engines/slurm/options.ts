/** What is asked of the cluster for each unit, in Slurm's own notation. */
export interface SlurmResources {
  readonly partition?: string
  readonly time?: string
  readonly memory?: string
  readonly gres?: string
  readonly gpus?: string
  readonly cpus?: number
  readonly account?: string
  readonly qos?: string
  /** Further options of sbatch by their long names. */
  readonly more?: Readonly<Record<string, string>>
}

/** Options of `slurmEngine`. */
export interface SlurmOptions {
  /** Output folder of the sweep; scripts, records and logs lie in `slurm` below it. */
  readonly out: string
  readonly resources?: SlurmResources
  /** Command line that does a unit, without its folder and threads, as nodes find it; default: this package's own program. */
  readonly command?: readonly string[]
  /** Greatest number of an array's tasks that run at once. */
  readonly jobs?: number
  /** Return when all is queued. */
  readonly submitOnly?: boolean
  /** How often Slurm is asked, in milliseconds. */
  readonly pollMs?: number
}

/** Seconds before the time limit at which a task is told to stop and queue itself again. */
const WARNING = 30

/** Options of sbatch that the engine sets by itself. */
export const reserved: ReadonlySet<string> = new Set([
  'array',
  'chdir',
  'clusters',
  'cpus-per-task',
  'dependency',
  'error',
  'kill-on-invalid-dep',
  'no-requeue',
  'open-mode',
  'output',
  'parsable',
  'requeue',
  'signal',
  'test-only',
  'wait',
  'wrap',
])

/** The options of sbatch that all arrays of a call share. */
export function resourceArguments(resources: SlurmResources, threads: number | undefined): string[] {
  const { partition, time, memory, gres, gpus, cpus, account, qos, more = {} } = resources
  const named = { partition, time, mem: memory, gres, gpus, account, qos, ...more }
  return [
    `--cpus-per-task=${cpus ?? threads ?? 1}`,
    `--signal=B:USR2@${WARNING}`,
    ...Object.entries(named).flatMap(([key, value]) => {
      if (value === undefined) return []
      return value === '' ? [`--${key}`] : [`--${key}=${value}`]
    }),
  ]
}
