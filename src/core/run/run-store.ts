import type { UserError } from '../errors.js'
import type { SafetensorsFile } from '../weights/safetensors.js'
import type { RunConfig } from './run-config.js'

/** A line of a run's log. Entries of training carry the epoch that they belong to. */
export interface LogEntry {
  readonly event: string
  readonly epoch?: number
  readonly [key: string]: unknown
}

/**
 * Where one run is kept, held by whoever trains into it: a directory, or a folder that a browser keeps. Every file but the log
 * is replaced as a whole: whatever ends the program, a reader sees the old one or the new.
 */
export interface RunStore {
  /** What messages call it. */
  readonly path: string
  /** Names of files that a run left, or that are in the way of one. */
  files(): Promise<string[]>
  /** Removes what a run left. */
  clear(): Promise<void>
  /** The error of a caller who asked neither to continue nor to replace these files. */
  alreadyThere(files: readonly string[]): UserError
  /** What the run was begun with; undefined where none was begun. Throws UserError when it is damaged. */
  config(): Promise<RunConfig | undefined>
  writeConfig(config: RunConfig): Promise<void>
  /** Writes a JSON file of the run. */
  writeJson(name: string, value: unknown): Promise<void>
  /** Epochs that have a checkpoint, newest first. */
  checkpoints(): Promise<number[]>
  /** What messages call the checkpoint written after an epoch. */
  checkpointPath(epoch: number): string
  /** @throws WeightsError when it is damaged */
  openCheckpoint(epoch: number): Promise<SafetensorsFile>
  writeCheckpoint(epoch: number, bytes: Uint8Array): Promise<void>
  /** Makes the run a finished one. */
  writePrompts(bytes: Uint8Array): Promise<void>
  /** Adds a line to the log; it is kept after {@link flush}. */
  log(entry: LogEntry): void
  flush(): Promise<void>
  /** Drops log entries of epochs after the given one: see {@link entriesUpTo}. */
  cutLog(epoch: number): Promise<void>
  /** Gives it free. */
  release(): Promise<void>
}

/** An entry as it stands in a log. */
export const logLine = (entry: LogEntry): string => `${JSON.stringify(entry)}\n`

/** The entries of a log. Lines that were left torn are passed over. */
export function logEntries(text: string): LogEntry[] {
  return text.split('\n').flatMap((line) => entryOf(line) ?? [])
}

function entryOf(line: string): LogEntry | undefined {
  try {
    const entry: unknown = JSON.parse(line)
    return typeof entry === 'object' && entry !== null && 'event' in entry ? (entry as LogEntry) : undefined
  } catch {
    return undefined
  }
}

/**
 * The log as if training had never gone on after an epoch. What was logged before the first epoch is dropped with it.
 */
export function entriesUpTo(epoch: number, entries: readonly LogEntry[]): LogEntry[] {
  return entries.filter((entry) => epoch > 0 && (entry.epoch ?? 0) <= epoch)
}
