import { stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Dataset, DataWarning } from '../../core/data/dataset.js'
import { withDescriptions } from '../../core/data/descriptions.js'
import { ConfigError, DataError } from '../../core/errors.js'
import type { Exif } from '../../core/image/orientation.js'
import { nearestNames } from '../../core/suggest.js'
import { type DatasetSource, findSource, sourceNamed } from './dataset-source.js'
import { readDescriptions } from './descriptions.js'
import { withCachedDraws } from './few-shot-cache.js'
import { readAs } from './file-datum.js'
import { openFolder } from './folder.js'
import { openListedFile } from './listed-file.js'
import { isListName } from './listed-rows.js'
import { isNumberedLists, openNumberedLists } from './numbered-lists.js'

/** Data sets that are drawn rather than read, by name. */
export interface DrawnSets {
  readonly names: readonly string[]
  /** Whether a name is one of `names` or of a variant of one. */
  knows(name: string): boolean
  /** @param name that it knows */
  open(name: string): Dataset
}

/** What {@link datasetOpener} knows by name. Nothing is known of itself: whoever opens data sets says which there are. */
export interface KnownSets {
  readonly published: readonly DatasetSource[]
  readonly drawn: DrawnSets
  /** Where listings of large published data sets are kept unless the call says; undefined where they are not. */
  readonly indexFolder: () => string | undefined
}

/** Options of {@link DatasetOpener.openDataset}. */
export interface OpenDatasetOptions {
  /** Folder that holds published data sets' folders, `path` then being the name of one; or that of a list's paths. */
  readonly root?: string | undefined
  /** File that names the classes of a folder, see `resolveClassNames`. */
  readonly classNames?: string | undefined
  /** JSON file of sentences about the classes, see `parseDescriptions`; in place of those that a drawn set has. */
  readonly descriptions?: string | undefined
  /**
   * Read clips in place of pictures: of a folder, see `openFolder`; of a list, its paths are those of video files or folders
   * of frames. Drawn sets have what they have.
   */
  readonly clips?: boolean | undefined
  /** Share of each class of a folder kept for testing where it has no `test` of its own; 0.3 by default. */
  readonly testFraction?: number | undefined
  /** Where listings of large published data sets are kept. */
  readonly indexFolder?: string | undefined
  /**
   * Whether the EXIF orientation of photos is applied. Default: `apply` for folders and lists of one's own, `ignore` for
   * published data sets, on which results were computed that way.
   */
  readonly exif?: Exif | undefined
  /** Also told, while images are read, what was made of unusual ones. */
  readonly onWarning?: ((warning: DataWarning) => void) | undefined
  /** Class folders read so far, while those of a large published data set are read for the first time. */
  readonly onScan?: ((read: number, total: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** A published data set and the folder that holds its folder. */
export interface Published {
  readonly source: DatasetSource
  readonly root: string
}

/** Opens what names a data set. */
export interface DatasetOpener {
  /**
   * Opens whatever names a data set, the first of these that fits:
   *
   * - with `root`, the name of a published data set (`OxfordPets`, `oxford_pets`),
   * - the path of a published data set: its folder in the documented layout, or the folder that holds it with its name
   *   (`data/OxfordPets` for `data/oxford_pets`),
   * - the name of a drawn set (`toy`), where there is no such folder,
   * - a list of images (`photos.csv`, `photos.jsonl`), see `openListedFile`, or what names numbered lists (`ucf101.yaml`), see
   *   `openNumberedLists`; `root` is then the folder of its paths,
   * - a folder of images, see `openFolder`.
   *
   * @throws ConfigError for an unknown name or an option that does not fit, DataError when the data cannot be used
   */
  openDataset(path: string, options?: OpenDatasetOptions): Promise<Dataset>
  /** Whether a path is that of a data set known by name, published or drawn, judged by the path alone. */
  isNamed(path: string): boolean
  /** The published data set that a path means, if it means one. */
  findPublished(path: string, root: string | undefined): Promise<Published | undefined>
  /**
   * A path that opens the same data set without `root`, for records of what was opened.
   *
   * @param path as given to `openDataset`
   */
  pathWithoutRoot(path: string, root: string | undefined): string
}

/** An opener of folders, lists and the sets that are known by name. */
export function datasetOpener({ published: sources, drawn, indexFolder }: KnownSets): DatasetOpener {
  async function open(path: string, options: OpenDatasetOptions): Promise<Dataset> {
    const isList = isListName(path) || isNumberedLists(path)
    if (isList && !(await isFolder(path)))
      return isListName(path) ? openListedFile(path, options) : openNumberedLists(path, options)
    const published = await findPublished(path, options.root)
    if (published) {
      return openPublished(published, { ...options, indexFolder: options.indexFolder ?? indexFolder() })
    }
    const exists = await isThere(path)
    if (!exists && drawn.knows(path)) {
      refuseFolderOptions(path, options)
      return drawn.open(path)
    }
    if (!exists) throw notFound(path)
    return openFolder(path, options)
  }

  async function findPublished(path: string, root: string | undefined): Promise<Published | undefined> {
    if (root !== undefined && (findSource(sources, path) || (isBareName(path) && !(await isThere(path))))) {
      return { source: sourceNamed(sources, path), root }
    }
    const full = resolve(path)
    const holder = dirname(full)
    const byFolder = sources.find(({ folder }) => folder === basename(full))
    if (byFolder && (await isLaidOut(byFolder, holder))) return { source: byFolder, root: holder }
    const byName = findSource(sources, basename(full))
    if (!byName || (await isThere(path))) return undefined
    return (await isThere(join(holder, byName.folder))) ? { source: byName, root: holder } : undefined
  }

  function notFound(path: string): DataError {
    const source = findSource(sources, basename(path))
    if (source) {
      return new DataError(`${path}: does not exist; ${source.name} is a published data set`, {
        hint: `Say where its folder ${source.folder} is: --root <folder>, or <folder>/${source.name}.`,
      })
    }
    const near = nearestNames(path, [...drawn.names, ...sources.map(({ name }) => name)])
    return new DataError(`${path}: does not exist; expected a folder of images or a data set's name`, {
      hint:
        near.length > 0
          ? `Did you mean ${near.join(' or ')}?`
          : 'Check the path; `promptsrc data list` lists the names of data sets.',
    })
  }

  return {
    async openDataset(path, options = {}) {
      const dataset = await open(path, options)
      for (const warning of dataset.warnings ?? []) options.onWarning?.(warning)
      const { descriptions } = options
      return descriptions === undefined
        ? dataset
        : withDescriptions(dataset, await readDescriptions(descriptions), descriptions)
    },
    isNamed: (path) =>
      drawn.names.includes(path) ||
      sources.some(({ folder }) => folder === basename(path)) ||
      findSource(sources, basename(path)) !== undefined,
    findPublished,
    pathWithoutRoot: (path, root) =>
      root !== undefined && findSource(sources, path) ? join(root, path) : path,
  }
}

const isBareName = (path: string): boolean => !/[\\/]/.test(path)

/** Whether everything that a reader needs is there: a folder of photos may have such a name by chance. */
async function isLaidOut({ folder, files }: DatasetSource, root: string): Promise<boolean> {
  const needed = files.filter((file) => file.needed === 'always')
  const there = await Promise.all(needed.map((file) => isThere(join(root, folder, file.path))))
  return there.every(Boolean)
}

/** Data sets of a name have class names and a division of their own. */
function refuseFolderOptions(name: string, options: OpenDatasetOptions): void {
  const ownOption =
    options.classNames !== undefined
      ? 'class names'
      : options.testFraction !== undefined
        ? 'a test fraction'
        : undefined
  if (!ownOption) return
  throw new ConfigError(`${ownOption} can be given for a folder of images; ${name} has its own`, {
    hint: 'Leave the option out.',
  })
}

async function openPublished({ source, root }: Published, options: OpenDatasetOptions): Promise<Dataset> {
  refuseFolderOptions(source.name, options)
  const { onScan, signal, indexFolder, exif = 'ignore' } = options
  const dataset = await source.open({ root, indexFolder, onScan, signal })
  if (exif === 'apply') readAs(dataset, { exif, key: 'upright' })
  return withCachedDraws({ ...dataset, exif }, join(root, source.folder))
}

const isThere = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false
