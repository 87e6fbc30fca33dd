import { appendFile, lstat, open, readdir, rm, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import { TrainingError, UserError } from '../../core/errors.js'
import { parseRunConfig, type RunConfig } from '../../core/run/run-config.js'
import {
  checkpointName,
  epochOfCheckpoint,
  isEvaluation,
  runFiles,
  runOutputs,
} from '../../core/run/run-files.js'
import { entriesUpTo, type LogEntry, logEntries, logLine, type RunStore } from '../../core/run/run-store.js'
import type { SafetensorsFile } from '../../core/weights/safetensors.js'
import { writeError, writeFileAtomic } from '../files/atomic.js'
import { type LockOptions, takeLock } from '../files/lock.js'
import { foreignHost } from '../files/lock-owner.js'
import { makeFolder } from '../files/make-folder.js'
import { readRegularText } from '../files/regular-file.js'
import { openSafetensors } from '../weights/safetensors-file.js'

/** What a kill in the middle of a write leaves behind, see `atomicFile`. */
const HALF_WRITTEN = /^\..+\.[0-9a-f]{12}\.tmp$/

/**
 * The directory of one training run: `config.yaml`, `environment.json`, `log.jsonl`, `checkpoints/epoch-001.safetensors`, …,
 * and at the end `prompts.safetensors`, `metrics.json` and `report.html`. Every file but the log is replaced as a
 * whole; the log is appended to, and a line torn by a kill is dropped on reading.
 */
export class RunDirectory implements RunStore {
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

  config(): Promise<RunConfig | undefined> {
    return readRunConfig(this.path)
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
    return runOutputs.filter(
      (name) => names.includes(name) && (name !== runFiles.checkpoints || checkpoints.length > 0),
    )
  }

  alreadyThere(files: readonly string[]): UserError {
    const choices = 'replace it with --overwrite, or choose another directory with --out.'
    return files.includes(runFiles.config)
      ? new UserError(`${this.path} already holds a run`, { hint: `Continue it with --resume, ${choices}` })
      : new UserError(
          `${this.path} holds ${files.join(', ')}, but no ${runFiles.config}: it is no run to continue`,
          { hint: `To train there, ${choices}` },
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
    for (const name of [...evaluations, ...runOutputs]) {
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

  openCheckpoint(epoch: number): Promise<SafetensorsFile> {
    return openSafetensors(this.checkpointPath(epoch))
  }

  writeCheckpoint(epoch: number, bytes: Uint8Array): Promise<void> {
    return writeFileAtomic(this.checkpointPath(epoch), bytes)
  }

  writePrompts(bytes: Uint8Array): Promise<void> {
    return writeFileAtomic(join(this.path, runFiles.prompts), bytes)
  }

  /** Adds a line to the log; it is on disk after {@link flush}. */
  log(entry: LogEntry): void {
    this.lines.push(logLine({ time: new Date().toISOString(), ...entry }))
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
    const kept = entriesUpTo(epoch, await readLog(this.path))
    await writeFileAtomic(join(this.path, runFiles.log), kept.map(logLine).join(''))
  }

  /** Gives the directory free; one that was made for a run that never began is removed. */
  async release(): Promise<void> {
    await this.unlock()
    // Only an empty folder can be removed this way.
    if (this.created) await rmdir(this.path).catch(() => {})
  }
}

/**
 * The configuration of the run in a directory, or undefined where no run was begun. Values of settings are checked
 * where they are used.
 *
 * @throws UserError when the file is damaged
 */
export async function readRunConfig(path: string): Promise<RunConfig | undefined> {
  const found = await RunDirectory.readConfig(path)
  return found === undefined ? undefined : parseRunConfig(found, path)
}

/**
 * The entries of a run's log. Lines that a kill or a power cut left torn are passed over.
 *
 * @throws UserError when there is a log that cannot be read
 */
export async function readLog(path: string): Promise<LogEntry[]> {
  const text = await ifThere(join(path, runFiles.log), readRegularText)
  return logEntries(text ?? '')
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
