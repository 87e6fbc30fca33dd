import { lstat, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { ConfigError, UserError } from '../../core/errors.js'
import { writeError } from '../files/atomic.js'
import { withFileLock } from '../files/lock.js'
import { makeFolder } from '../files/make-folder.js'
import {
  checkJournals,
  type Entry,
  type How,
  JOURNALS,
  Journal,
  journalFiles,
  lockFile,
  refuseBusy,
} from './journal.js'
import { type PerformOptions, performSort } from './perform.js'

/** What a sort is called with; a call with the same continues an unfinished one. */
export interface SortCall {
  /** Real path of the folder that is sorted. */
  readonly folder: string
  readonly how: How
  /** Run, threshold and the like: whatever decides where files go. */
  readonly call: Readonly<Record<string, unknown>>
}

/** The real path of a folder that may not exist yet, symbolic links on the way followed. */
export async function realTarget(path: string): Promise<string> {
  const absolute = resolve(path)
  try {
    return await realpath(absolute)
  } catch (error) {
    const dangling = await lstat(absolute).catch(() => undefined)
    if (dangling || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw writeError(path, error)
    return join(await realTarget(dirname(absolute)), basename(absolute))
  }
}

/**
 * The newest sort into a folder where it did not come to its end.
 *
 * @param into real path
 * @throws ConfigError when it was called otherwise, or its undo was interrupted
 */
export async function unfinishedSort(into: string, call: SortCall): Promise<Journal | undefined> {
  await checkJournals(into)
  const file = (await journalFiles(into)).at(-1)
  if (!file) return undefined
  const journal = await Journal.open(file)
  if (journal.has('end') && !journal.has('undo')) {
    await journal.close()
    return undefined
  }
  const { begin } = journal
  const same = begin.folder === call.folder && begin.how === call.how
  if (same && !journal.has('undo') && isDeepStrictEqual(begin.call, call.call)) return journal
  await journal.close()
  const what = journal.has('undo') ? 'an undo that was interrupted' : `an unfinished sort of ${begin.folder}`
  throw new ConfigError(`${into} holds ${what}`, {
    hint: journal.has('undo')
      ? `Finish it with \`promptsrc sort --undo ${into}\`.`
      : `Call it as before to finish it (${begin.how}, ${described(begin.call)}), or take it back with \`promptsrc sort --undo ${into}\`.`,
  })
}

const described = (call: Readonly<Record<string, unknown>>): string =>
  Object.entries(call)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(', ') || 'none' : value}`)
    .join(', ')

/**
 * Does a new sort, or goes on with an unfinished one, while no other sort works in the folder. For a new one the whole plan
 * is on disk before anything is done.
 *
 * @param into real path
 * @param plan entries of a new sort, or the journal that {@link unfinishedSort} has found
 * @throws UserError when the disk is full, or another sort has begun since the plan was made
 */
export async function doSort(
  into: string,
  call: SortCall,
  plan: readonly Entry[] | Journal,
  options: PerformOptions = {},
): Promise<SortDone> {
  const begun = plan instanceof Journal
  const made = begun ? [] : await missingFolders(into)
  try {
    await makeFolder(join(into, JOURNALS))
  } catch (cause) {
    throw writeError(into, cause)
  }
  return withFileLock(lockFile(into), start, { refuse: refuseBusy(into) })

  async function start(): Promise<SortDone> {
    const unfinished = await unfinishedSort(into, call)
    if (begun !== (unfinished !== undefined)) {
      await unfinished?.close()
      throw new ConfigError(`${into}: another sort was there meanwhile`, { hint: 'Make a new plan.' })
    }
    const entries = begun ? plan.entries : plan
    const version = entries.some((entry) => 'within' in entry) ? 2 : 1
    const head = { event: 'begin', version, ...call, made, entries: entries.length } as const
    const journal = unfinished ?? (await Journal.create(into, head, entries))
    try {
      await performSort(into, journal, options)
      const failed = [...journal.failed].map(([entry, reason]) => ({ entry: entries[entry]!, reason }))
      return { done: entries.length - failed.length, failed }
    } finally {
      await journal.close()
    }
  }
}

/** What came of a sort. */
export interface SortDone {
  /** Entries done, in this call or before. */
  readonly done: number
  /** Those that stay as they were, and why. */
  readonly failed: readonly { readonly entry: Entry; readonly reason: string }[]
}

async function missingFolders(path: string): Promise<string[]> {
  const status = await lstat(path).catch(() => undefined)
  if (status?.isDirectory()) return []
  if (status) throw new UserError(`${path}: is a file; expected a folder`, { hint: 'Choose another path.' })
  return [...(await missingFolders(dirname(path))), path]
}

/** A file of an earlier sort, by where it came from. */
export interface SortedBefore {
  readonly to: string
  readonly bytes: number
  readonly mtimeMs: number
}

/** Files of `folder` that earlier sorts have put into `into`, where they still stand, by their paths. */
export async function sortedBefore(into: string, folder: string): Promise<Map<string, SortedBefore>> {
  const sorted = new Map<string, SortedBefore>()
  for (const file of await journalFiles(into)) {
    const journal = await Journal.open(file)
    await journal.close()
    if (journal.begin.folder !== folder) continue
    const failed = journal.failed
    for (const [i, entry] of journal.entries.slice(0, journal.last + 1).entries()) {
      if (!('to' in entry) || failed.has(i)) continue
      if (await lstat(join(into, entry.to)).catch(() => undefined)) sorted.set(entry.path, entry)
    }
  }
  return sorted
}
