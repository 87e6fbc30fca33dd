import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Dataset, DataWarning } from '../../core/data/dataset.js'
import { ConfigError, DataError } from '../../core/errors.js'
import { nearestNames } from '../../core/suggest.js'
import { toyDataset, toySets } from '../../core/world/datasets.js'
import { listingsFolder } from '../cache/cache-settings.js'
import { datasetNamed, datasets, findDataset } from '../datasets/registry.js'
import type { DatasetSource } from '../datasets/source.js'
import { withCachedDraws } from './few-shot-cache.js'
import { openFolder } from './folder.js'
import { openListedFile } from './listed-file.js'
import { isListName } from './listed-rows.js'

/** Options of {@link openDataset}. */
export interface OpenDatasetOptions {
  /** Folder that holds published data sets' folders, `path` then being the name of one; or that of a list's paths. */
  readonly root?: string | undefined
  /** File that names the classes of a folder, see `resolveClassNames`. */
  readonly classNames?: string | undefined
  /** Share of each class of a folder kept for testing where it has no `test` of its own; 0.3 by default. */
  readonly testFraction?: number | undefined
  /** Where listings of large published data sets are kept; the user's cache by default. */
  readonly indexFolder?: string | undefined
  readonly onWarning?: ((warning: DataWarning) => void) | undefined
  /** Class folders read so far, while those of a large published data set are read for the first time. */
  readonly onScan?: ((read: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Opens whatever names a data set, the first of these that fits:
 *
 * - with `root`, the name of a published data set (`OxfordPets`, `oxford_pets`),
 * - the path of a published data set: its folder in the documented layout, or the folder that holds it with its name
 *   (`data/OxfordPets` for `data/oxford_pets`),
 * - a drawn toy set (`toy`), where there is no such folder,
 * - a list of images (`photos.csv`, `photos.jsonl`), see `openListedFile`; `root` is then the folder of its paths,
 * - a folder of images, see `openFolder`.
 *
 * @throws ConfigError for an unknown name or an option that does not fit, DataError when the data cannot be used
 */
export async function openDataset(path: string, options: OpenDatasetOptions = {}): Promise<Dataset> {
  const dataset = await open(path, options)
  for (const warning of dataset.warnings ?? []) options.onWarning?.(warning)
  return dataset
}

async function open(path: string, options: OpenDatasetOptions): Promise<Dataset> {
  if (isListName(path) && !(await isFolder(path))) return openListedFile(path, options)
  const published = await findPublished(path, options.root)
  if (published) return openPublished(published, options)
  const exists = await isThere(path)
  if (!exists && Object.hasOwn(toySets, path)) return toyDataset(path)
  if (!exists) throw notFound(path)
  return openFolder(path, options)
}

/**
 * A path that opens the same data set without `root`, for records of what was opened.
 *
 * @param path as given to {@link openDataset}
 */
export function pathWithoutRoot(path: string, root: string | undefined): string {
  return root !== undefined && findDataset(path) ? join(root, path) : path
}

/** A published data set and the folder that holds its folder. */
export interface Published {
  readonly source: DatasetSource
  readonly root: string
}

/** The published data set that a path means, if it means one; see {@link openDataset}. */
export async function findPublished(path: string, root: string | undefined): Promise<Published | undefined> {
  if (root !== undefined && (findDataset(path) || (isBareName(path) && !(await isThere(path))))) {
    return { source: datasetNamed(path), root }
  }
  const full = resolve(path)
  const holder = dirname(full)
  const byFolder = datasets.find(({ folder }) => folder === basename(full))
  if (byFolder && (await isLaidOut(byFolder, holder))) return { source: byFolder, root: holder }
  const byName = findDataset(basename(full))
  if (!byName || (await isThere(path))) return undefined
  return (await isThere(join(holder, byName.folder))) ? { source: byName, root: holder } : undefined
}

const isBareName = (path: string): boolean => !/[\\/]/.test(path)

/** Whether everything that a reader needs is there: a folder of photos may have such a name by chance. */
async function isLaidOut({ folder, files }: DatasetSource, root: string): Promise<boolean> {
  const needed = files.filter((file) => file.needed === 'always')
  const there = await Promise.all(needed.map((file) => isThere(join(root, folder, file.path))))
  return there.every(Boolean)
}

async function openPublished({ source, root }: Published, options: OpenDatasetOptions): Promise<Dataset> {
  const ownOption =
    options.classNames !== undefined
      ? 'class names'
      : options.testFraction !== undefined
        ? 'a test fraction'
        : undefined
  if (ownOption) {
    throw new ConfigError(`${ownOption} can be given for a folder of images; ${source.name} has its own`, {
      hint: 'Leave the option out.',
    })
  }
  const { onScan, signal, indexFolder = listingsFolder() } = options
  const dataset = await source.open({ root, indexFolder, onScan, signal })
  return withCachedDraws(dataset, join(root, source.folder))
}

function notFound(path: string): DataError {
  const source = findDataset(basename(path))
  if (source) {
    return new DataError(`${path}: does not exist; ${source.name} is a published data set`, {
      hint: `Say where its folder ${source.folder} is: --root <folder>, or <folder>/${source.name}.`,
    })
  }
  const near = nearestNames(path, [...Object.keys(toySets), ...datasets.map(({ name }) => name)])
  return new DataError(`${path}: does not exist; expected a folder of images or a data set's name`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : 'Check the path; `promptsrc data list` lists the names of data sets.',
  })
}

const isThere = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false
