import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '../../core/errors.js'
import { isInside } from '../files/paths.js'
import { isLeftover, isPicture } from '../files/picture-names.js'
import { leadsOut } from './image-folder.js'
import { listEndings } from './listed-rows.js'

/** What a folder holds: names in code-point order, what `isLeftover` names left out. */
export interface Listing {
  readonly folders: readonly string[]
  readonly images: readonly string[]
  /** Files of other types. */
  readonly others: readonly string[]
}

/** Lists folders below a root; symbolic links that lead out of the root are refused. */
export type FolderReader = (path: string) => Promise<Listing>

/**
 * @param root the data folder; may itself be a symbolic link
 * @throws DataError when it does not exist or is not a folder
 */
export async function folderReader(root: string): Promise<FolderReader> {
  const realRoot = await attempt(root, () => realpath(root))
  if (!(await attempt(root, () => stat(realRoot))).isDirectory()) {
    throw new DataError(
      `data folder ${root}: is a file; expected a folder with one folder of images per class, or a list of images that ends in ${listEndings}`,
      { hint: 'Lists of lines "path label" are named by a .yaml file, see docs/video.md.' },
    )
  }
  return (path) => list(path, realRoot)
}

/** Compares by Unicode code points (JavaScript's own order is by UTF-16 units), the same on every machine. */
export function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

async function list(path: string, realRoot: string): Promise<Listing> {
  const folders: string[] = []
  const images: string[] = []
  const others: string[] = []
  const entries = await attempt(path, () => readdir(path, { withFileTypes: true }))
  for (const entry of entries) {
    if (isLeftover(entry.name)) continue
    const kind = entry.isSymbolicLink() ? await kindOfTarget(join(path, entry.name), realRoot) : kindOf(entry)
    if (kind === 'folder') folders.push(entry.name)
    else if (kind === 'file') (isPicture(entry.name) ? images : others).push(entry.name)
  }
  for (const names of [folders, images, others]) names.sort(compareCodePoints)
  return { folders, images, others }
}

function kindOf(entry: Pick<Dirent, 'isDirectory' | 'isFile'>): 'folder' | 'file' | 'special' {
  if (entry.isDirectory()) return 'folder'
  return entry.isFile() ? 'file' : 'special'
}

async function kindOfTarget(link: string, realRoot: string): Promise<'folder' | 'file' | 'special'> {
  const target = await attempt(link, () => realpath(link))
  if (target === realRoot || !isInside(target, realRoot)) throw leadsOut(link)
  return kindOf(await attempt(link, () => stat(target)))
}

async function attempt<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const reason = reasons[code ?? ''] ?? `cannot be read (${code ?? cause})`
    throw new DataError(`${path}: ${reason}`, { cause })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'is not a folder',
  EACCES: 'may not be read (permission denied)',
  ELOOP: 'a symbolic link that leads back to itself',
}
