import { createHash } from 'node:crypto'
import { readdir, realpath, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import type { CachedDraw, Dataset, Datum } from '../../core/data/dataset.js'
import { DataError, WeightsError } from '../../core/errors.js'
import { isInside } from '../files/paths.js'
import { readRegular } from '../files/regular-file.js'
import { unpickle } from '../weights/pickle/pickle.js'
import { PickleGlobal, PickleInstance, type PickleValue } from '../weights/pickle/pickle-values.js'
import { fingerprint } from './fingerprint.js'
import { leadsOut } from './image-folder.js'

/** Sixteen shots of a thousand classes take 2 MB. */
const LIMIT = 64 * 2 ** 20

/** Names of the cached draws below a data set's folder, sorted. */
export async function cachedDraws(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, cacheFolder)).catch(() => [])
  return names.filter((name) => /^shot_\d+-seed_\d+\.pkl$/.test(name)).sort()
}

/**
 * A data set whose cached draws are used. Its fingerprint is that of the lists and the draws, for both decide what is
 * trained on.
 *
 * @param folder the data set's folder
 */
export async function withCachedDraws(dataset: Dataset, folder: string): Promise<Dataset> {
  const names = await cachedDraws(folder)
  if (names.length === 0) return dataset
  const hash = createHash('sha256').update(await fingerprint(dataset))
  for (const name of names) {
    const fail = (problem: string) =>
      new DataError(`${join(folder, cacheFolder, name)}: ${problem}`, { hint })
    hash.update(`\n${name}\n`).update(await bytesOf(join(folder, cacheFolder, name), fail))
  }
  const cachedDraw = (shots: number, seed: number) => cachedFewShot(folder, dataset, shots, seed)
  return { ...dataset, cachedDraw, fingerprint: hash.digest('hex') }
}

const cacheFolder = 'split_fewshot'

/**
 * The draw that the Python code has cached for a number of shots and a seed, where it has:
 * `<folder>/split_fewshot/shot_<shots>-seed_<seed>.pkl`. It draws once and then reads that file.
 *
 * @param folder the data set's folder
 * @throws DataError as {@link readFewShotCache} does
 */
export async function cachedFewShot(
  folder: string,
  dataset: Dataset,
  shots: number,
  seed: number,
): Promise<CachedDraw | undefined> {
  const path = join(folder, cacheFolder, `shot_${shots}-seed_${seed}.pkl`)
  const real = await realpath(path).catch(() => undefined)
  if (real === undefined) return undefined
  if (!isInside(real, await realpath(folder))) throw leadsOut(path)
  return readFewShotCache(path, folder, dataset)
}

/**
 * Reads a pickle `{"train": [Datum, …], "val": [Datum, …]}` without executing anything in it. Its paths are absolute
 * ones of the machine that wrote it: an item is the image of the data set whose path inside `folder` they end with.
 *
 * @throws DataError when the pickle holds anything else, an item is no training (or validation) image of the data set,
 *   or its label is another one there
 */
export async function readFewShotCache(path: string, folder: string, dataset: Dataset): Promise<CachedDraw> {
  const fail = (problem: string) => new DataError(`${path}: ${problem}`, { hint })
  const content = contentOf(await bytesOf(path, fail), path)
  const draw = (part: 'train' | 'val') => {
    const items = itemsOf(content.get(part), part, fail)
    return items.length === 0 ? [] : onDataset(items, dataset, part, folder, fail)
  }
  // ImageNet's pickles have no "val".
  if (!content.has('train')) throw fail('holds no "train"; expected a cached few-shot draw')
  return { train: draw('train'), val: draw('val'), path }
}

const hint =
  'Move this file away to draw the images anew; the same seed draws the same ones from the same split.'

type Fail = (problem: string) => DataError

async function bytesOf(path: string, fail: Fail): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > LIMIT) throw fail(`${size} bytes; expected at most ${LIMIT}`)
    return await readRegular(path)
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    throw fail(`cannot be read (${(cause as NodeJS.ErrnoException).code ?? cause})`)
  }
}

const datumClass = 'dassl.data.datasets.base_dataset Datum'

function contentOf(bytes: Uint8Array, path: string): ReadonlyMap<PickleValue, PickleValue> {
  try {
    const findGlobal = (module: string, name: string) =>
      `${module} ${name}` === datumClass ? new PickleGlobal(datumClass, { type: 'class' }) : undefined
    const { value } = unpickle(bytes, { name: path, findGlobal })
    if (value instanceof Map) return value
  } catch (cause) {
    if (!(cause instanceof WeightsError)) throw cause
    throw new DataError(cause.message, { hint, cause })
  }
  throw new DataError(`${path}: the pickle holds no dictionary; expected a cached few-shot draw`, { hint })
}

interface CachedItem {
  readonly path: string
  readonly label: number
}

function itemsOf(list: PickleValue | undefined, part: string, fail: Fail): CachedItem[] {
  if (list === undefined) return []
  if (!Array.isArray(list)) throw fail(`"${part}" is no list`)
  return list.map((item, i) => {
    const state = item instanceof PickleInstance ? item.state : undefined
    const path = state instanceof Map ? state.get('_impath') : undefined
    const label = state instanceof Map ? state.get('_label') : undefined
    if (typeof path !== 'string' || typeof label !== 'number') {
      throw fail(`item ${i} of "${part}" is no image with its path and label`)
    }
    return { path, label }
  })
}

/** The data set's own images for cached ones, in the cache's order. */
function onDataset(
  items: readonly CachedItem[],
  dataset: Dataset,
  part: 'train' | 'val',
  folder: string,
  fail: Fail,
): Datum[] {
  // Only what may be meant: ImageNet has 1.28 million paths.
  const files = new Set(items.map(({ path }) => partsOf(path).at(-1)))
  const own = new Map<string, Datum>()
  for (const datum of dataset[part]) {
    const { source } = datum
    if (files.has(source.slice(source.lastIndexOf(sep) + 1))) {
      own.set(relative(folder, source).replaceAll(sep, '/'), datum)
    }
  }
  return items.map(({ path, label }) => {
    const parts = partsOf(path)
    const found = parts.map((_, start) => own.get(parts.slice(start).join('/'))).find((datum) => datum)
    if (!found) {
      throw fail(
        `${path} is no ${part === 'train' ? 'training' : 'validation'} image of ${dataset.name} in ${folder}`,
      )
    }
    if (found.label !== label) {
      throw fail(`${path} has the label ${label}, but ${found.label} in ${dataset.name}`)
    }
    return found
  })
}

const partsOf = (path: string): string[] => path.split(/[\\/]/)
