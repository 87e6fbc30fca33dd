import { join } from 'node:path'
import { ahead } from '../../core/data/ahead.js'
import type { DataWarning } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import type { ImageFolder } from '../data/image-folder.js'
import { type FolderReader, folderReader } from '../data/listing.js'
import { type ClassFolder, type FolderIndex, folderTimes, readIndex, writeIndex } from './folder-index.js'

export interface ClassFolderOptions {
  /** Whether a folder is a class; all are by default. */
  readonly isClass?: (name: string) => boolean
  /** Where listings of large folders are kept; without it, folders are read anew each time. */
  readonly indexFolder?: string | undefined
  readonly onScan?: ((read: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** Reads a folder, in place of the file system. */
  readonly reader?: FolderReader | undefined
}

export interface ClassFolders {
  /** In code-point order of their names. */
  readonly classes: readonly ClassFolder[]
  readonly warnings: readonly DataWarning[]
}

/** Below this many images, reading the folders takes about as long as checking that an index still holds. */
const indexedFrom = 20_000
/** Folders being read at a time. */
const atOnce = 8

/**
 * Lists the images of class folders. Those of large data sets are kept in an index, which holds as long as no class
 * folder was changed (its modification time; a file that is added, removed or renamed changes it).
 *
 * @throws DataError when there are no class folders or one has no images
 */
export async function listClassFolders(
  images: ImageFolder,
  options: ClassFolderOptions = {},
): Promise<ClassFolders> {
  const { isClass = () => true, indexFolder } = options
  const read = options.reader ?? (await folderReader(images.path))
  const top = await read(images.path)
  const names = top.folders.filter(isClass)
  if (names.length === 0) throw noClassFolders(images.path, top.images.length)

  const times = indexFolder === undefined ? undefined : await folderTimes(images.path, names)
  const known = times && (await readIndex(indexFolder!, images.path, times))
  if (known) return { classes: known.classes, warnings: otherFiles(images.path, known.others) }

  const scanned = await scan(images.path, names, read, options)
  const count = scanned.classes.reduce((sum, { images }) => sum + images.length, 0)
  if (times && count >= indexedFrom) await writeIndex(indexFolder!, images.path, times, scanned)
  return { classes: scanned.classes, warnings: otherFiles(images.path, scanned.others) }
}

async function scan(
  path: string,
  names: readonly string[],
  read: FolderReader,
  { onScan, signal }: ClassFolderOptions,
): Promise<FolderIndex> {
  const classes: ClassFolder[] = []
  let others = 0
  const tasks = names.map((name) => () => read(join(path, name)))
  for await (const listing of ahead(tasks, atOnce, signal)) {
    const name = names[classes.length]!
    if (listing.images.length === 0) {
      throw new DataError(`${join(path, name)}: no images; expected those of a class`, {
        hint: 'The data set may not be extracted completely; extract it again.',
      })
    }
    classes.push({ name, images: listing.images })
    others += listing.others.length
    onScan?.(classes.length, names.length)
  }
  return { classes, others }
}

function otherFiles(path: string, count: number): DataWarning[] {
  if (count === 0) return []
  return [{ kind: 'ignored', message: `${path}: ${count} files of other types than images ignored` }]
}

function noClassFolders(path: string, images: number): DataError {
  const found = images > 0 ? `${images} images, but no class folders` : 'no class folders'
  return new DataError(`${path}: ${found}; expected one folder of images per class`, {
    hint: 'The data set must be extracted as docs/datasets.md shows; ImageNet’s validation images come without class folders and have to be sorted into them.',
  })
}
