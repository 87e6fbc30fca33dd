import { UserError, WeightsError } from '../../core/errors.js'
import { parseRunConfig, type RunConfig } from '../../core/run/run-config.js'
import {
  checkpointName,
  epochOfCheckpoint,
  isEvaluation,
  runFiles,
  runOutputs,
} from '../../core/run/run-files.js'
import { entriesUpTo, type LogEntry, logEntries, logLine, type RunStore } from '../../core/run/run-store.js'
import { type SafetensorsFile, safetensorsOf } from '../../core/weights/safetensors.js'
import { blobSource } from '../blob-source.js'
import { type FileStore, readText } from '../kept/file-store.js'

const CHECKPOINTS = `${runFiles.checkpoints}/`

/** A run in a folder of a page, with the files that a run directory has in Node. */
export class RunFolder implements RunStore {
  private lines: string[] = []

  private constructor(
    private readonly store: FileStore,
    private readonly unlock: (() => void) | undefined,
  ) {}

  /** Takes the folder for training. Throws UserError where another tab has. */
  static async take(store: FileStore): Promise<RunFolder> {
    return new RunFolder(store, await store.lock?.())
  }

  get path(): string {
    return this.store.name
  }

  async files(): Promise<string[]> {
    const names = await this.store.list()
    const tops = new Set(names.map((name) => name.split('/')[0]!))
    return runOutputs.filter((name) => tops.has(name))
  }

  async clear(): Promise<void> {
    const names = await this.store.list()
    const own = (name: string) => runOutputs.indexOf(name.split('/')[0]!)
    const left = names.filter((name) => own(name) >= 0 || isEvaluation(name))
    // The configuration last, as `runOutputs` has it.
    for (const name of left.sort((a, b) => own(a) - own(b))) await this.store.remove(name)
  }

  alreadyThere(files: readonly string[]): UserError {
    const choices = 'replace it by overwrite: true, or choose another name.'
    return files.includes(runFiles.config)
      ? new UserError(`${this.path} already holds a run`, { hint: `Continue it by resume: true, ${choices}` })
      : new UserError(
          `${this.path} holds ${files.join(', ')}, but no ${runFiles.config}: it is no run to continue`,
          {
            hint: `To train there, ${choices}`,
          },
        )
  }

  config(): Promise<RunConfig | undefined> {
    return readRunConfig(this.store)
  }

  /** As JSON, which is YAML, so that no page needs a YAML writer. */
  async writeConfig(config: RunConfig): Promise<void> {
    await this.writeJson(runFiles.config, config)
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await this.store.write(name, `${JSON.stringify(value, null, 2)}\n`)
  }

  async checkpoints(): Promise<number[]> {
    return (await this.store.list())
      .flatMap(
        (name) => (name.startsWith(CHECKPOINTS) && epochOfCheckpoint(name.slice(CHECKPOINTS.length))) || [],
      )
      .sort((a, b) => b - a)
  }

  checkpointPath(epoch: number): string {
    return `${this.path}: ${CHECKPOINTS}${checkpointName(epoch)}`
  }

  async openCheckpoint(epoch: number): Promise<SafetensorsFile> {
    const path = this.checkpointPath(epoch)
    const file = await this.store.read(CHECKPOINTS + checkpointName(epoch))
    if (!file) throw new WeightsError(`${path} is not there any more`)
    return safetensorsOf(blobSource(file, path))
  }

  async writeCheckpoint(epoch: number, bytes: Uint8Array): Promise<void> {
    await this.store.write(CHECKPOINTS + checkpointName(epoch), bytes)
  }

  async writePrompts(bytes: Uint8Array): Promise<void> {
    await this.store.write(runFiles.prompts, bytes)
  }

  log(entry: LogEntry): void {
    this.lines.push(logLine({ time: new Date().toISOString(), ...entry }))
  }

  async flush(): Promise<void> {
    const text = this.lines.join('')
    this.lines = []
    await this.store.write(runFiles.log, new Blob([(await this.store.read(runFiles.log)) ?? '', text]))
  }

  async cutLog(epoch: number): Promise<void> {
    const kept = entriesUpTo(epoch, await readLog(this.store))
    await this.store.write(runFiles.log, kept.map(logLine).join(''))
  }

  async release(): Promise<void> {
    this.unlock?.()
  }
}

/** The entries of a run's log. Lines that were left torn are passed over. */
export const readLog = async (store: FileStore): Promise<LogEntry[]> =>
  logEntries((await readText(store, runFiles.log)) ?? '')

/**
 * What a run in a folder was begun with; undefined where none was begun.
 *
 * @throws UserError when the file is damaged
 */
export async function readRunConfig(store: FileStore): Promise<RunConfig | undefined> {
  const text = await readText(store, runFiles.config)
  if (text === undefined) return undefined
  return parseRunConfig(await parsedYaml(text, store.name), store.name)
}

/** What the command line wrote is YAML that is no JSON; its parser comes only then. */
async function parsedYaml(text: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(text)
  } catch {
    const { parse } = await import('yaml')
    try {
      return parse(text)
    } catch (cause) {
      throw new UserError(`${path}: ${runFiles.config} is not valid YAML`, {
        cause,
        hint: 'Choose another copy of the run, or train into another one.',
      })
    }
  }
}
