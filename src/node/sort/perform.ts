import { lstat, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConfigError, UserError } from '../../core/errors.js'
import { syncFolder, writeError } from '../files/atomic.js'
import type { Entry, Journal } from './journal.js'
import { addKeyword } from './keywords.js'
import type { Transfer } from './plan.js'
import { copyTo, FileProblem, linkTo, moveTo, settle, type TransferHow } from './transfer.js'

/** Options of {@link performSort}. */
export interface PerformOptions {
  /** Stops between two files. */
  readonly signal?: AbortSignal
  /** Called after each entry, with the number of those dealt with. */
  readonly onProgress?: (done: number) => void
}

/**
 * Does what a journal plans, from where it was left off, under the lock. Each step is in the journal before it is done;
 * whatever ends this, calling it again goes on, and {@link undoSort} takes it back. Files that cannot be handled stay where
 * they are and are noted in the journal as failed.
 *
 * @param into real path of the folder that is sorted into
 * @throws UserError when the disk is full; the signal's reason when it aborts
 */
export async function performSort(
  into: string,
  journal: Journal,
  { signal, onProgress }: PerformOptions = {},
): Promise<void> {
  const { folder, how } = journal.begin
  const first = journal.last
  const failed = journal.failed
  const failedGroups = new Set<number>()
  for (const [i, entry] of journal.entries.entries()) {
    const group = 'group' in entry ? entry.group : i
    if (failed.has(i)) failedGroups.add(group)
    if (i < first || failed.has(i)) continue
    signal?.throwIfAborted()
    try {
      if (failedGroups.has(group)) throw new FileProblem('it goes with a picture that stays')
      if (how === 'keywords') await addKeyword(folder, journal, i)
      else await one(entry as Transfer, i, how)
    } catch (cause) {
      failedGroups.add(group)
      await journal.write({ event: 'failed', entry: i, reason: fileProblem(entry, cause) })
    }
    onProgress?.(i + 1)
  }
  await journal.write({ event: 'end' })

  async function one(entry: Transfer, i: number, how: TransferHow): Promise<void> {
    const inDoubt = i === first
    const from = join(folder, entry.path)
    const to = join(baseOf(entry), entry.to)
    await makeReady(entry)
    if (inDoubt && (await settle(how, from, to))) return
    if (!(await lstat(from)).isFile()) throw new FileProblem('it is no longer a file')
    if (!inDoubt) await journal.write({ event: 'do', entry: i })
    if (how === 'copy') await copyTo(from, to)
    else if (how === 'move') await moveTo(from, to)
    else await linkTo(how, from, to)
  }

  /** Makes the folders of a file where they are missing; one that leads elsewhere is refused. */
  async function makeReady({ to, within }: Transfer): Promise<void> {
    const base = baseOf({ within })
    const parts = dirname(to).split('/')
    for (const i of parts.keys()) {
      const below = parts.slice(0, i + 1).join('/')
      const path = join(base, below)
      const status = await lstat(path).catch(() => undefined)
      if (status?.isDirectory()) continue
      if (status) throw notAFolder(path)
      await journal.write({ event: 'folder', path: below, ...(within ? { within } : {}) })
      await mkdir(path).catch((cause) => {
        throw writeError(path, cause)
      })
      await syncFolder(dirname(path))
    }
  }

  function baseOf({ within }: Pick<Transfer, 'within'>): string {
    return within === 'folder' ? folder : into
  }
}

/** The refusal of what stands where a folder of the sort should. */
export const notAFolder = (path: string): UserError =>
  new UserError(`${path}: expected a folder, found a file or a link; nothing is written through it`, {
    hint: 'Move it away, or sort into another folder.',
  })

const problems: Readonly<Record<string, string>> = {
  ENOENT: 'it is gone',
  EEXIST: 'another file has its new name',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EBUSY: 'it is in use',
  ENAMETOOLONG: 'its new name is too long',
  EMLINK: 'it has too many links',
  EIO: 'it cannot be read',
  EISDIR: 'it is no longer a file',
}

/** Why a file stays, in words; throws what concerns all files. */
function fileProblem(entry: Entry, cause: unknown): string {
  const path = 'to' in entry ? entry.path : entry.sidecar
  if (cause instanceof FileProblem) return cause.message
  const { code = '' } = cause as NodeJS.ErrnoException
  if (code === 'EXDEV') {
    throw new ConfigError(`${path}: hard links cannot lead to another file system`, {
      hint: 'Take it back with --undo, then use --copy or --symlink.',
      cause,
    })
  }
  const known = problems[code]
  if (known === undefined) throw writeError(path, cause)
  return known
}
