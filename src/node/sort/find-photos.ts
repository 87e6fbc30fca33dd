import { lstat, readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { DataError } from '../../core/errors.js'
import { compareCodePoints } from '../data/listing.js'
import { isLeftover } from '../files/picture-names.js'
import { familiesOf } from './companions.js'

/** A file below the folder that is sorted, as it was found. */
export interface FoundFile {
  /** Below the folder, with slashes. */
  readonly path: string
  readonly bytes: number
  readonly mtimeMs: number
}

/** A picture with the files that belong to it. */
export interface Photo extends FoundFile {
  /** Of the last change of its content or its name. */
  readonly ctimeMs: number
  readonly companions: readonly FoundFile[]
}

/** What a folder holds. */
export interface FoundPhotos {
  /** The folder's real path. */
  readonly folder: string
  /** In code-point order of their paths. */
  readonly photos: readonly Photo[]
  /** Paths of files that are no picture and belong to none. */
  readonly others: readonly string[]
  /** Paths of symbolic links, which are not followed. */
  readonly links: readonly string[]
  readonly unreadable: readonly Unreadable[]
}

/** A file or folder that stays where it is, and why. */
export interface Unreadable {
  readonly path: string
  readonly reason: string
}

/**
 * Finds the pictures in a folder and the folders below it. Symbolic links are followed nowhere but at `folder` itself;
 * hidden files and what systems leave behind are left out.
 *
 * @param without real path of a folder to leave out
 * @throws DataError when the folder cannot be read
 */
export async function findPhotos(folder: string, without?: string): Promise<FoundPhotos> {
  const root = await readable(folder)
  const found = {
    folder: root,
    photos: [] as Photo[],
    others: [] as string[],
    links: [] as string[],
    unreadable: [] as Unreadable[],
  }
  const pending = ['']
  for (let below = pending.pop(); below !== undefined; below = pending.pop()) {
    const path = (name: string): string => (below === '' ? name : `${below}/${name}`)
    const entries = await readdir(join(root, below), { withFileTypes: true }).catch((error) => {
      if (below === '') throw new DataError(`${folder}: cannot be read (${error.code})`, { cause: error })
      found.unreadable.push({ path: below!, reason: `folder cannot be read (${error.code})` })
      return []
    })
    const files = new Map<string, FoundFile & Pick<Photo, 'ctimeMs'>>()
    for (const entry of entries) {
      if (isLeftover(entry.name)) continue
      if (entry.isSymbolicLink()) found.links.push(path(entry.name))
      else if (entry.isDirectory()) {
        if (join(root, path(entry.name)) !== without) pending.push(path(entry.name))
      } else if (entry.isFile()) {
        const status = await lstat(join(root, path(entry.name))).catch(() => undefined)
        // Also where a name is not UTF-8, so that it cannot be told by text.
        if (!status?.isFile())
          found.unreadable.push({ path: path(entry.name), reason: 'file cannot be read' })
        else
          files.set(entry.name, {
            path: path(entry.name),
            bytes: status.size,
            mtimeMs: status.mtimeMs,
            ctimeMs: status.ctimeMs,
          })
      }
    }
    const { pictures, others } = familiesOf([...files.keys()].sort(compareCodePoints))
    found.others.push(...others.map(path))
    for (const { picture, companions } of pictures) {
      found.photos.push({
        ...files.get(picture)!,
        companions: companions.map((name) => files.get(name)!),
      })
    }
  }
  found.photos.sort((a, b) => compareCodePoints(a.path, b.path))
  for (const list of [found.others, found.links]) list.sort(compareCodePoints)
  return found
}

async function readable(folder: string): Promise<string> {
  try {
    const root = await realpath(folder)
    if ((await lstat(root)).isDirectory()) return root
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new DataError(`${folder}: ${missing ? 'no such folder' : 'cannot be read'}`, {
      cause,
      hint: 'Check the path and its permissions.',
    })
  }
  throw new DataError(`${folder}: is a file; expected a folder with pictures`)
}
