import { createHash } from 'node:crypto'
import { lstat, open, readFile, realpath, rename, rm, unlink } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { syncFolder } from '../files/atomic.js'
import { isInside } from '../files/paths.js'
import { stemOf } from './companions.js'
import type { Photo } from './find-photos.js'
import type { Journal } from './journal.js'
import { FileProblem, PART, placeNew } from './transfer.js'
import { newXmp, withKeyword, XmpError } from './xmp.js'

/** Sidecars are some kilobytes; what is larger is something else. */
const LARGEST_SIDECAR = 16 * 2 ** 20

/** A keyword for a sidecar, which may not exist yet. */
export interface Tagged {
  /** Below the folder that is sorted, with slashes. */
  readonly sidecar: string
  readonly keyword: string
}

/**
 * The sidecar of a picture: the one it has, by either way of naming, else `photo.jpg.xmp`, which cannot be that of
 * `photo.cr2` as well.
 */
export function sidecarOf({ path, companions }: Photo): string {
  const sidecars = companions
    .map((each) => each.path)
    .filter((name) => extname(name).toLowerCase() === '.xmp')
  const named = (stem: string) =>
    sidecars.find((name) => stemOf(basename(name)).toLowerCase() === stem.toLowerCase())
  return named(basename(path)) ?? named(stemOf(basename(path))) ?? `${path}.xmp`
}

/**
 * What a sidecar will be with a keyword.
 *
 * @param before its content, undefined where there is none
 * @returns undefined where it has the keyword already
 * @throws FileProblem where it cannot be edited safely
 */
export function editedSidecar(before: Uint8Array | undefined, keyword: string): string | undefined {
  if (!before) return newXmp([keyword])
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(before)
    if (/^[\ufeff\s]*<\?xml[^>]*encoding\s*=\s*["'](?!utf-?8["'])/i.test(text))
      throw new XmpError('it is not UTF-8')
    const edited = withKeyword(text, keyword)
    return edited === text ? undefined : edited
  } catch (cause) {
    const reason =
      cause instanceof XmpError ? cause.message : cause instanceof TypeError ? 'it is not UTF-8' : undefined
    if (reason === undefined) throw cause
    throw new FileProblem(`${reason}; its keywords are left alone`)
  }
}

/** @throws FileProblem where it is no file */
export async function readSidecar(path: string): Promise<Buffer | undefined> {
  const status = await lstat(path).catch(() => undefined)
  if (!status) return undefined
  if (!status.isFile()) throw new FileProblem('it is a link or a folder, which is left alone')
  if (status.size > LARGEST_SIDECAR) throw new FileProblem('it is too large for a sidecar')
  return readFile(path)
}

/**
 * Does an entry of a journal of keywords. The content before is in the journal first.
 *
 * @param folder real path
 */
export async function addKeyword(folder: string, journal: Journal, i: number): Promise<void> {
  const { sidecar, keyword } = journal.entries[i] as Tagged
  const path = await inside(folder, sidecar)
  const before = await readSidecar(path)
  const edited = editedSidecar(before, keyword)
  // Also where a cut came right after the edit: the keyword is there.
  if (edited === undefined) return
  const content = { before: before?.toString('base64') ?? null, after: sha256(edited) }
  await journal.write({ event: 'do', entry: i, ...content })
  await write(path, edited, !before)
}

/**
 * Gives a sidecar its content from before the journal's entry, or removes it where there was none.
 *
 * @throws FileProblem where it was changed since
 */
export async function removeKeyword(folder: string, journal: Journal, i: number): Promise<void> {
  const { sidecar } = journal.entries[i] as Tagged
  const record = journal.done(i)
  if (!record || record.before === undefined) return
  const path = await inside(folder, sidecar)
  const now = await readSidecar(path)
  const before = record.before === null ? undefined : Buffer.from(record.before, 'base64')
  if (now === undefined ? before === undefined : before?.equals(now)) return
  if (!now || sha256(now) !== record.after) throw new FileProblem('it was changed since')
  if (before) await write(path, before, false)
  else {
    await unlink(path)
    await syncFolder(dirname(path))
  }
}

/** The path, where its folder is still below the one that is sorted. What a cut left beside it goes. */
async function inside(folder: string, path: string): Promise<string> {
  const target = join(folder, path)
  if (!isInside(await realpath(dirname(target)), folder))
    throw new FileProblem('its folder leads elsewhere now')
  await rm(join(dirname(target), PART), { force: true })
  return target
}

/** Replaces a sidecar whole, or makes one that must not be there yet. */
async function write(path: string, content: string | Uint8Array, isNew: boolean): Promise<void> {
  const part = join(dirname(path), PART)
  const handle = await open(part, 'wx', isNew ? 0o666 : (await lstat(path)).mode)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (isNew) await placeNew(part, path)
  else await rename(part, path)
  await syncFolder(dirname(path))
}

const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex')
