import { type FileHandle, lstat, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { ConfigError, UserError } from '../../core/errors.js'
import { syncFolder, writeError, writeFileAtomic } from '../files/atomic.js'
import type { LockOwner } from '../files/lock-owner.js'
import { pathProblem } from '../files/paths.js'

/** Folder of the journals, in the folder that is sorted into. */
export const JOURNALS = '.promptsrc-sort'

const relativePath = z.string().refine((path) => pathProblem(path) === undefined)
const transfer = z.object({
  path: relativePath,
  bytes: z.number(),
  mtimeMs: z.number(),
  to: relativePath,
  group: z.number(),
  /** What `to` is below, where it is not the folder that is sorted into: the one that is sorted itself. */
  within: z.literal('folder').optional(),
})
const tagged = z.object({ sidecar: relativePath, keyword: z.string() })

const begin = z.object({
  event: z.literal('begin'),
  /** 2 where files change places within the folder, which version 0.1.0 cannot take back. */
  version: z.union([z.literal(1), z.literal(2)]),
  /** Real path of the folder that is sorted. */
  folder: z.string(),
  how: z.enum(['copy', 'move', 'hardlink', 'symlink', 'keywords']),
  /** What else a call must have in common to continue this one. */
  call: z.record(z.string(), z.unknown()),
  /** Folders that had to be made to begin, the outermost first. */
  made: z.array(z.string()),
  /** Entries that follow. */
  entries: z.number(),
})
const step = z.union([
  /** A folder is about to be made. */
  z.object({
    event: z.literal('folder'),
    path: relativePath,
    within: z.literal('folder').optional(),
  }),
  /** An entry is about to be done; those before it are done or have failed. */
  z.object({
    event: z.literal('do'),
    entry: z.number(),
    /** Content of a sidecar before in base 64, null where there was none, and SHA-256 of the content after. */
    before: z.string().nullable().optional(),
    after: z.string().optional(),
  }),
  z.object({ event: z.literal('failed'), entry: z.number(), reason: z.string() }),
  z.object({ event: z.literal('end') }),
  z.object({ event: z.literal('undo') }),
])

/** Ways to sort. */
export type How = z.infer<typeof begin>['how']
export type Begin = z.infer<typeof begin>
/** A file that goes somewhere, or a keyword for a sidecar. */
export type Entry = z.infer<typeof transfer> | z.infer<typeof tagged>
export type Step = z.infer<typeof step>
type Done = Extract<Step, { event: 'do' }>

/**
 * The record of one sort: what it is going to do, and how far it is. Each step is on disk before it is done, so that
 * whoever comes after a crash knows of everything that may have been done, all but the last of it for certain.
 */
export class Journal {
  private byEntry: Map<number, Done> | undefined

  private constructor(
    readonly file: string,
    readonly begin: Begin,
    readonly entries: readonly Entry[],
    readonly steps: Step[],
    private readonly handle: FileHandle,
  ) {}

  /** Writes a new journal, the newest one of the folder. */
  static async create(into: string, begin: Begin, entries: readonly Entry[]): Promise<Journal> {
    const last = (await journalNumbers(into)).at(-1) ?? 0
    const file = join(into, JOURNALS, `${last + 1}.jsonl`)
    await writeFileAtomic(file, [begin, ...entries].map((line) => `${JSON.stringify(line)}\n`).join(''))
    return new Journal(file, begin, entries, [], await open(file, 'a'))
  }

  /** @throws UserError where it is no journal of this version */
  static async open(file: string): Promise<Journal> {
    const bytes = await readFile(file)
    // A crash may have cut off the last line, whose step was not begun then.
    const whole = bytes.lastIndexOf(0x0a) + 1
    const { begin, entries, steps } = parse(file, bytes.subarray(0, whole).toString('utf8'))
    const handle = await open(file, 'r+')
    if (whole < bytes.length) await handle.truncate(whole)
    await handle.close()
    return new Journal(file, begin, entries, steps, await open(file, 'a'))
  }

  /** Puts steps on disk. @throws UserError when the disk is full */
  async write(...steps: readonly Step[]): Promise<void> {
    try {
      await this.handle.appendFile(steps.map((step) => `${JSON.stringify(step)}\n`).join(''))
      await this.handle.datasync()
    } catch (cause) {
      throw writeError(this.file, cause)
    }
    this.steps.push(...steps)
    this.byEntry = undefined
  }

  has(event: 'end' | 'undo'): boolean {
    return this.steps.some((step) => step.event === event)
  }

  /** Reasons by entry of those that could not be done. */
  get failed(): Map<number, string> {
    return new Map(this.steps.flatMap((step) => (step.event === 'failed' ? [[step.entry, step.reason]] : [])))
  }

  /** The step of an entry, the newest where a crash made it begin anew. */
  done(entry: number): Done | undefined {
    this.byEntry ??= new Map(this.steps.flatMap((each) => (each.event === 'do' ? [[each.entry, each]] : [])))
    return this.byEntry.get(entry)
  }

  /** The entry begun last, which a crash may have left half done; -1 before the first. */
  get last(): number {
    return this.steps.reduce((last, step) => (step.event === 'do' ? Math.max(last, step.entry) : last), -1)
  }

  async close(): Promise<void> {
    await this.handle.close()
  }

  /** Keeps the record of a sort that was undone in part, for whoever looks. It can be neither continued nor undone. */
  async setAside(): Promise<void> {
    await this.handle.close()
    await rename(this.file, this.file.replace(/jsonl$/, `${Date.now()}.undone.jsonl`))
    await syncFolder(join(this.file, '..'))
  }

  /** Forgets the sort. */
  async remove(): Promise<void> {
    await this.handle.close()
    await rm(this.file)
    await syncFolder(join(this.file, '..'))
  }
}

function parse(file: string, text: string): { begin: Begin; entries: Entry[]; steps: Step[] } {
  const lines = text.split('\n').slice(0, -1)
  try {
    const head = begin.parse(JSON.parse(lines[0] ?? ''))
    const entry: z.ZodType<Entry> = head.how === 'keywords' ? tagged : transfer
    const rest = lines.slice(1).map((line): unknown => JSON.parse(line))
    if (rest.length < head.entries) throw new Error(`${rest.length} of ${head.entries} entries`)
    return {
      begin: head,
      entries: rest.slice(0, head.entries).map((line) => entry.parse(line)),
      steps: rest.slice(head.entries).map((line) => step.parse(line)),
    }
  } catch (cause) {
    throw new UserError(`${file}: damaged, or of another version of promptsrc`, {
      cause,
      hint: 'It tells where each file came from, a line each; files can be put back by hand from it.',
    })
  }
}

/** Journals of a folder, the oldest first. */
export async function journalFiles(into: string): Promise<string[]> {
  return (await journalNumbers(into)).map((number) => join(into, JOURNALS, `${number}.jsonl`))
}

async function journalNumbers(into: string): Promise<number[]> {
  const names = await readdir(join(into, JOURNALS)).catch(() => [])
  return names
    .flatMap((name) => /^([1-9]\d*)\.jsonl$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** The lock that a sort and an undo hold. */
export const lockFile = (into: string): string => join(into, JOURNALS, 'lock')

export const refuseBusy =
  (into: string) =>
  ({ pid }: LockOwner): Error =>
    new ConfigError(`${into}: another sort works there (process ${pid})`, { hint: 'Wait for its end.' })

/** @throws UserError where the folder of journals leads elsewhere */
export async function checkJournals(into: string): Promise<void> {
  const path = join(into, JOURNALS)
  const status = await lstat(path).catch(() => undefined)
  if (!status || status.isDirectory()) return
  throw new UserError(`${path}: expected a folder; nothing is written through it`, {
    hint: 'Remove it, or choose another folder.',
  })
}

/** Removes the folder of journals where none is left. */
export async function tidyJournals(into: string): Promise<void> {
  const path = join(into, JOURNALS)
  for (const name of await readdir(path).catch(() => [])) {
    if (/^\..*\.tmp$/.test(name)) await rm(join(path, name), { force: true })
  }
  await rmdir(path).catch(() => {})
}
