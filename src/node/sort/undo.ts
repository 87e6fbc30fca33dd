import { lstat, realpath, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DataError, UserError } from '../../core/errors.js'
import { withFileLock } from '../files/lock.js'
import { makeFolder } from '../files/make-folder.js'
import { isInside } from '../files/paths.js'
import { realTarget } from './begin-sort.js'
import {
  checkJournals,
  JOURNALS,
  Journal,
  journalFiles,
  lockFile,
  refuseBusy,
  tidyJournals,
} from './journal.js'
import { removeKeyword } from './keywords.js'
import type { PerformOptions } from './perform.js'
import type { Transfer } from './plan.js'
import { FileProblem, type TransferHow, takeBack } from './transfer.js'

/** A file below the folder that was sorted into, or a sidecar below the one that was sorted, and why it stays. */
export interface Kept {
  readonly path: string
  readonly reason: string
}

/** What came of an undo. */
export interface Undone {
  readonly folder: string
  /** Entries taken back, those that had been before among them. */
  readonly files: number
  /** Files that stay as the sort left them, and why: they were changed since. */
  readonly kept: readonly Kept[]
  /** Earlier sorts into the same folder that can still be undone. */
  readonly earlier: number
}

/**
 * Takes the newest sort into a folder back: files return, copies and links go where they are unchanged, and folders that
 * it made where they are empty. May be interrupted and called again at any moment.
 *
 * @param into real path
 * @returns undefined where there is nothing to undo
 * @throws DataError when the folder that was sorted is gone; UserError when the journal is damaged
 */
export async function undoSort(
  into: string,
  { signal, onProgress, onStart }: PerformOptions & { onStart?: (entries: number) => void } = {},
): Promise<Undone | undefined> {
  await checkJournals(into)
  if ((await journalFiles(into)).length === 0) {
    if (await lstat(join(into, JOURNALS)).catch(() => undefined)) {
      // Killed before it had begun. The lock of a dead process goes when it is taken over.
      await withFileLock(lockFile(into), async () => {}, { refuse: refuseBusy(into) })
      await tidyJournals(into)
    }
    return undefined
  }
  const undone = await withFileLock(lockFile(into), undoNewest, { refuse: refuseBusy(into) })
  await tidyJournals(into)
  for (const folder of undone?.made ?? []) await rmdir(folder).catch(() => {})
  return undone

  async function undoNewest(): Promise<(Undone & { made: string[] }) | undefined> {
    const journals = await journalFiles(into)
    if (journals.length === 0) return undefined
    const journal = await Journal.open(journals.at(-1)!)
    const { folder, made } = journal.begin
    try {
      const root = await realpath(folder).catch((cause) => {
        throw new DataError(`${folder}: the folder that was sorted is gone`, {
          hint: 'Put it back, empty if need be, and undo again.',
          cause,
        })
      })
      if (!journal.has('undo')) await journal.write({ event: 'undo' })
      const { kept, unable, files } = await takeAllBack(journal, root)
      if (unable.length > 0) {
        throw new UserError(
          `${unable.length} files could not be put back, for example ${unable[0]!.path}: ${unable[0]!.reason}`,
          { hint: 'Mend that and undo again: the others are back.' },
        )
      }
      for (const step of journal.steps.toReversed()) {
        if (step.event !== 'folder') continue
        await rmdir(join(step.within === 'folder' ? root : into, step.path)).catch(() => {})
      }
      await (kept.length > 0 ? journal.setAside() : journal.remove())
      return { folder, files, kept, earlier: journals.length - 1, made: made.toReversed() }
    } catch (error) {
      await journal.close().catch(() => {})
      throw error
    }
  }

  async function takeAllBack(journal: Journal, root: string) {
    const { how } = journal.begin
    const count = journal.last + 1
    const { failed } = journal
    const kept: Kept[] = []
    const unable: Kept[] = []
    onStart?.(count)
    for (let i = journal.last; i >= 0; i--) {
      signal?.throwIfAborted()
      const entry = journal.entries[i]!
      const path = 'to' in entry ? entry.to : entry.sidecar
      try {
        if (failed.has(i)) continue
        if ('to' in entry) await backTo(root, entry, how as TransferHow)
        else await removeKeyword(root, journal, i)
      } catch (error) {
        if (error instanceof FileProblem) kept.push({ path, reason: error.message })
        else if ((error as NodeJS.ErrnoException).code) unable.push({ path, reason: `${error}` })
        else throw error
      } finally {
        onProgress?.(count - i)
      }
    }
    return { kept: kept.reverse(), unable, files: count - failed.size - kept.length }
  }

  async function backTo(root: string, { path, to, within }: Transfer, how: TransferHow): Promise<void> {
    const from = join(root, path)
    const target = join(within === 'folder' ? root : into, to)
    if (!(await lstat(target).catch(() => undefined))) {
      // Nothing was done, or it is back already; what a cut left of it goes.
      if ((await lstat(dirname(target)).catch(() => undefined))?.isDirectory())
        await takeBack(how, from, target)
      return
    }
    if (!(await lstat(dirname(target))).isDirectory()) throw new FileProblem('its folder was replaced')
    const home = await realTarget(dirname(from))
    if (!isInside(home, root)) throw new FileProblem('the folder it came from leads elsewhere now')
    if (how === 'move') await makeFolder(home)
    await takeBack(how, from, target)
  }
}
