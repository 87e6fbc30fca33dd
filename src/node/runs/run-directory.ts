import { appendFile, lstat, open, readdir, rm, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import { TrainingError, UserError } from '../../core/errors.js'
import { writeError, writeFileAtomic } from '../files/atomic.js'
import { type LockOptions, takeLock } from '../files/lock.js'
import { foreignHost } from '../files/lock-owner.js'
import { makeFolder } from '../files/make-folder.js'
import { readRegularText } from '../files/regular-file.js'
import { checkpointName, epochOfCheckpoint, isEvaluation, runFiles } from './run-files.js'

/** What training writes; the configuration last, so that a directory half cleared is still known as a run's. */
const OUTPUTS = [
  runFiles.checkpoints,
  runFiles.log,
  runFiles.prompts,
  runFiles.noneOfThese,
  runFiles.metrics,
  runFiles.report,
  runFiles.interpretation,
  runFiles.environment,
  runFiles.config,
]
/** What a kill in the middle of a write leaves behind, see `atomicFile`. */
const HALF_WRITTEN = /^\..+\.[0-9a-f]{12}\.tmp$/

/** A line of a run's log. Entries of training carry the epoch that they belong to. */
export interface LogEntry {
  readonly event: string
  readonly epoch?: number
  readonly [key: string]: unknown
}

/**
 * The directory of one training run: `config.yaml`, `environment.json`, `log.jsonl`, `checkpoints/epoch-001.safetensors`, …,
 * and at the end `prompts.safetensors`, `metrics.json` and `report.html`. Every file but the log is replaced as a
 * whole; the log is appended to, and a line torn by a kill is dropped on reading.
 */
export class RunDirectory {
  private lines: string[] = []

  private constructor(
    readonly path: string,
    private readonly unlock: () => Promise<void>,
    /** Whether there was nothing of that name before. */
    private readonly created: boolean,
  ) {}

  /**
   * Takes the directory for training, creating it where needed. Another process that trains into it is refused; the
   * lock of a process that has died is taken over.
   *
   * @throws TrainingError when it is in use, UserError when it cannot be written or its checkpoints lie elsewhere
   */
  static async take(path: string): Promise<RunDirectory> {
    try {
      const created = await makeFolder(path)
      const checkpoints = join(path, runFiles.checkpoints)
      // What a run removes and replaces there must not be somebody else's: runs are passed on.
      if ((await lstat(checkpoints).catch(() => undefined))?.isSymbolicLink()) {
        throw new UserError(`${checkpoints} is a symbolic link; nothing is written through it`, {
          hint: 'Put the folder itself in its place, or choose another directory with --out.',
        })
      }
      const run = new RunDirectory(path, await lockFolder(path), created)
      await run.sweep().catch(async (error) => {
        await run.release()
        throw error
      })
      return run
    } catch (cause) {
      if (cause instanceof UserError) throw cause
      throw writeError(path, cause)
    }
  }

  /** The configuration of the run in a directory, or undefined where no run was begun. */
  static async readConfig(path: string): Promise<unknown> {
    const text = await ifThere(join(path, runFiles.config), readRegularText)
    if (text === undefined) return undefined
    try {
      return parse(text)
    } catch (cause) {
      throw new UserError(`${join(path, runFiles.config)} is not valid YAML`, {
        cause,
        hint: 'Train into another directory, or replace the run with --overwrite.',
      })
    }
  }

  async writeConfig(config: unknown): Promise<void> {
    await writeFileAtomic(join(this.path, runFiles.config), stringify(config))
  }

  /** Writes a JSON file of the run, such as `metrics.json`. */
  async writeJson(name: string, value: unknown): Promise<void> {
    await writeFileAtomic(join(this.path, name), `${JSON.stringify(value, null, 2)}\n`)
  }

  /** Path of the checkpoint written after an epoch. */
  checkpointPath(epoch: number): string {
    return join(this.path, runFiles.checkpoints, checkpointName(epoch))
  }

  /** Epochs that have a checkpoint, newest first. */
  async checkpoints(): Promise<number[]> {
    return (await namesIn(join(this.path, runFiles.checkpoints)))
      .flatMap((name) => epochOfCheckpoint(name) ?? [])
      .sort((a, b) => b - a)
  }

  /** Names of files that a run left, or that are in the way of one. */
  async files(): Promise<string[]> {
    const names = await namesIn(this.path)
    const checkpoints = await namesIn(join(this.path, runFiles.checkpoints))
    return OUTPUTS.filter(
      (name) => names.includes(name) && (name !== runFiles.checkpoints || checkpoints.length > 0),
    )
  }

  /** Throws UserError where a run, or what is in the way of one, is there already. */
  async refuseFiles(): Promise<void> {
    const files = await this.files()
    if (files.length === 0) return
    throw new UserError(`${this.path} holds ${files.join(', ')} already`, {
      hint: 'Replace it with --overwrite, or choose another directory with --out.',
    })
  }

  /** Removes what a run left, so that the directory can be used anew. Files of other names stay. */
  async clear(): Promise<void> {
    for (const epoch of await this.checkpoints()) await rm(this.checkpointPath(epoch), { force: true })
    const evaluations = (await namesIn(this.path)).filter((name) => isEvaluation(name))
    for (const name of [...evaluations, ...OUTPUTS]) {
      if (name === runFiles.checkpoints) await rmdir(join(this.path, name)).catch(() => {})
      else await rm(join(this.path, name), { force: true })
    }
  }

  /** Removes files that were being written when an earlier process was killed. */
  private async sweep(): Promise<void> {
    for (const folder of [this.path, join(this.path, runFiles.checkpoints)]) {
      for (const name of (await namesIn(folder)).filter((name) => HALF_WRITTEN.test(name))) {
        await rm(join(folder, name), { force: true })
      }
    }
  }

  /** Adds a line to the log; it is on disk after {@link flush}. */
  log(entry: LogEntry): void {
    this.lines.push(`${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`)
  }

  /** Appends the lines logged so far and waits until they are on disk. */
  async flush(): Promise<void> {
    const text = this.lines.join('')
    this.lines = []
    const path = join(this.path, runFiles.log)
    try {
      await appendFile(path, text)
      const handle = await open(path, 'r+')
      await handle.sync()
      await handle.close()
    } catch (cause) {
      throw writeError(path, cause)
    }
  }

  /**
   * Drops log entries of epochs after the given one, and torn lines: the log as if training had never gone on. What
   * was logged before the first epoch is dropped with it.
   */
  async cutLog(epoch: number): Promise<void> {
    const kept = (await readLog(this.path)).filter((entry) => epoch > 0 && (entry.epoch ?? 0) <= epoch)
    await writeFileAtomic(
      join(this.path, runFiles.log),
      kept.map((entry) => `${JSON.stringify(entry)}\n`).join(''),
    )
  }

  /** Gives the directory free; one that was made for a run that never began is removed. */
  async release(): Promise<void> {
    await this.unlock()
    // Only an empty folder can be removed this way.
    if (this.created) await rmdir(this.path).catch(() => {})
  }
}

/**
 * The entries of a run's log. Lines that a kill or a power cut left torn are passed over.
 *
 * @throws UserError when there is a log that cannot be read
 */
export async function readLog(path: string): Promise<LogEntry[]> {
  const text = await ifThere(join(path, runFiles.log), readRegularText)
  return (text ?? '').split('\n').flatMap((line) => entryOf(line) ?? [])
}

function entryOf(line: string): LogEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'object' && entry !== null && 'event' in entry ? (entry as LogEntry) : undefined
  } catch {
    return undefined
  }
}

const namesIn = async (path: string): Promise<string[]> =>
  (await ifThere(path, (folder) => readdir(folder))) ?? []

/** What is read from a path, or undefined where there is nothing. Other failures must not pass for an empty run. */
async function ifThere<T>(path: string, read: (path: string) => Promise<T>): Promise<T | undefined> {
  try {
    return await read(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new UserError(`cannot read ${path}: ${code}`, {
      cause,
      hint: 'Check its permissions and the disk.',
    })
  }
}

/**
 * Takes a folder for this process by a `lock` file that names it; the lock of a process that is gone is taken over. On
 * a folder that machines share, a lock of another machine counts as long as it is touched.
 *
 * @returns a function that gives the folder free
 * @throws TrainingError when a living process holds it, or this one does already
 */
export async function lockFolder(
  folder: string,
  { staleMs, pollMs }: Pick<LockOptions, 'staleMs' | 'pollMs'> = {},
): Promise<() => Promise<void>> {
  const path = join(resolve(folder), 'lock')
  return takeLock(path, {
    ...(staleMs === undefined ? {} : { staleMs }),
    ...(pollMs === undefined ? {} : { pollMs }),
    refuse(owner) {
      const host = foreignHost(owner)
      const where = `process id ${owner.pid}${host === undefined ? '' : ` on ${host}`}`
      return new TrainingError(`${folder} is in use by another training process (${where})`, {
        hint: `Wait for it, or choose another directory with --out. If that process is none of promptsrc, remove ${path}.`,
      })
    },
  })
}
