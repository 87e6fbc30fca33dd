import { mkdir, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import * as z from 'zod'
import { ConfigError } from '../../../core/errors.js'
import { writeError, writeFileAtomic } from '../../../node/files/atomic.js'
import { makeFolder } from '../../../node/files/make-folder.js'
import { readRegularText } from '../../../node/files/regular-file.js'
import { type Place, type PlannedArray, ranges } from './arrays.js'
import { slurm } from './commands.js'
import { jobScript } from './script.js'

const RECORD = 'submission.json'
const SCRIPT = 'job.sh'
const LIST = 'units.txt'

/** What is kept of a submitted array: enough for a later call to find its units in the queue. */
const recordSchema = z.object({
  job: z.string().regex(/^\d+$/),
  /** Folders of units by their index. */
  units: z.record(z.string().regex(/^\d+$/), z.string()),
})

/** A unit in the queue. */
export interface Placement extends Place {
  /** Its job's output. */
  readonly log: string
}

/** The submissions of an output folder, each in a numbered folder of its own with script, list, record and logs. */
export class Submissions {
  constructor(readonly folder: string) {}

  /** Where units were last submitted, by their absolute folders. */
  async placements(): Promise<Map<string, Placement>> {
    const placements = new Map<string, Placement>()
    for (const number of await this.numbers()) {
      const folder = this.pathOf(number)
      const record = await readRecord(join(folder, RECORD))
      for (const [index, unit] of Object.entries(record?.units ?? {})) {
        placements.set(unit, placement(folder, record!.job, Number(index)))
      }
    }
    return placements
  }

  /**
   * Submits an array.
   *
   * @param common options of sbatch for what is asked of the cluster
   * @param command does a unit, without its folder and threads
   * @param atOnce greatest number of its tasks that run at once
   * @returns where its units are, by their absolute folders
   * @throws SlurmError when sbatch refuses; UserError when the files cannot be written
   */
  async submit(
    { tasks, dependency }: PlannedArray,
    common: readonly string[],
    command: readonly string[],
    atOnce: number | undefined,
  ): Promise<{ job: string; placements: Map<string, Placement> }> {
    const folder = await this.next()
    const script = join(folder, SCRIPT)
    const list = join(folder, LIST)
    const units = new Map([...tasks].map(([index, task]) => [index, resolve(task.folder)]))
    const args = [
      '--parsable',
      '--job-name=promptsrc',
      `--array=${ranges(units.keys())}${atOnce === undefined ? '' : `%${atOnce}`}`,
      '--requeue',
      '--open-mode=append',
      `--output=${logPattern(folder)}`,
      // Paths of data may be relative.
      `--chdir=${process.cwd()}`,
      ...(dependency ? [`--dependency=${dependency}`, '--kill-on-invalid-dep=yes'] : []),
      ...common,
      script,
    ]
    await writeFileAtomic(list, listOf(units))
    await writeFileAtomic(script, jobScript({ list, command, submitted: ['sbatch', ...args] }))
    const [job = ''] = (await slurm('sbatch', args)).trim().split(';')
    const record = { job, units: Object.fromEntries(units) }
    await writeFileAtomic(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`)
    const placements = [...units].map(([index, unit]) => [unit, placement(folder, job, index)] as const)
    return { job, placements: new Map(placements) }
  }

  private async next(): Promise<string> {
    const number = ((await this.numbers()).at(-1) ?? 0) + 1
    const folder = this.pathOf(number)
    await makeFolder(this.folder)
    await mkdir(folder).catch((cause) => {
      throw writeError(folder, cause)
    })
    return folder
  }

  private async numbers(): Promise<number[]> {
    const names = await readdir(this.folder).catch(() => [])
    return names
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b)
  }

  private pathOf(number: number): string {
    return join(resolve(this.folder), String(number).padStart(3, '0'))
  }
}

const placement = (folder: string, job: string, index: number): Placement => ({
  job,
  index,
  log: join(folder, `${index}.log`),
})

/** Slurm reads `%` as the beginning of a symbol, and takes none where there is a backslash. */
function logPattern(folder: string): string {
  if (folder.includes('\\')) {
    throw new ConfigError(`${folder}: Slurm takes no backslash in the path of a log`, {
      hint: 'Choose another --out.',
    })
  }
  return `${folder.replaceAll('%', '%%')}/%a.log`
}

/** One line an index: those between the array's indices stay empty. */
function listOf(units: ReadonlyMap<number, string>): string {
  const broken = [...units.values()].find((folder) => folder.includes('\n'))
  if (broken !== undefined) {
    throw new ConfigError(`${JSON.stringify(broken)}: a path with a line break cannot be listed for Slurm`, {
      hint: 'Choose another --out.',
    })
  }
  const last = Math.max(...units.keys())
  return Array.from({ length: last }, (_, i) => `${units.get(i + 1) ?? ''}\n`).join('')
}

async function readRecord(path: string): Promise<z.infer<typeof recordSchema> | undefined> {
  try {
    return recordSchema.safeParse(JSON.parse(await readRegularText(path))).data
  } catch {
    // A call that ended before sbatch answered leaves none: the unit's own lock keeps it from running twice.
    return undefined
  }
}
