import { WeightsError } from '../../core/errors.js'
import { sha256 } from '../../core/hash.js'
import type { ByteSource } from '../../core/weights/byte-source.js'
import { absolute, placesOf } from '../address.js'
import { fetched, MissingFileError } from '../fetched.js'
import { type FileStore, readText } from './file-store.js'
import { keptFiles, keptFolders, removeKept } from './kept-files.js'
import { type KeptSourceOptions, keptSize, keptSource } from './kept-source.js'

const MODELS = 'models'
/** Where a folder says what it is of. */
const ADDRESS = 'address'
/** Beside the name of a file that the server has not, so that a visit without a connection does not ask for it. */
const ABSENT = '.absent'

/** A model that the browser keeps. */
export interface KeptModel {
  /** Of the folder on its server. */
  readonly address: string
  /** Of its weights, so far. */
  readonly bytes: number
  /** False where a download was broken off: loading goes on with it. */
  readonly whole: boolean
}

interface Place {
  readonly path: string
  readonly store: FileStore
  /** Name of the file in it. */
  readonly file: string
}

/** Where a file of a server is kept: with the others of its folder, or of one above it. */
async function placeOf(url: URL, folder = new URL('.', url)): Promise<Place> {
  const file =
    decodeURIComponent(url.pathname.slice(folder.pathname.length)) + url.search.replace(/[^\w.-]/g, '_')
  const path = await pathOf(folder)
  return { path, store: keptFiles(path), file }
}

async function pathOf(folder: URL): Promise<string> {
  const hash = await sha256([new TextEncoder().encode(folder.href)])
  return `${MODELS}/${hash.slice(0, 16)}`
}

/**
 * A small file of a model, from the server only where it is not kept.
 *
 * @throws MissingFileError where the server does not have it, or did not when it was asked for
 */
export async function keptFile(url: URL, options: KeptSourceOptions): Promise<Blob> {
  const { store, file } = await placeOf(url)
  const kept = await store.read(file)
  if (kept) return kept
  if (await store.read(file + ABSENT))
    throw new MissingFileError(`${url}: was not there when it was asked for`)
  try {
    const blob = await (await fetched(url.href, options)).blob()
    await store.write(file, blob)
    return blob
  } catch (error) {
    if (error instanceof MissingFileError) await store.write(file + ABSENT, '')
    throw error
  }
}

/**
 * Weights, downloaded as far as they are not kept; see {@link keptSource}. Of several tabs one downloads, the others wait.
 *
 * @param folder with which they are kept and removed. Default: the one that they lie in
 */
export async function keptWeights(
  url: URL,
  options: KeptSourceOptions,
  folder = new URL('.', url),
): Promise<ByteSource> {
  const { path, store, file } = await placeOf(url, folder)
  // A file whose hash is known is somewhere: it may be there the next time.
  const isKnown = options.sha256 !== undefined
  if (!isKnown && (await store.read(file + ABSENT)))
    throw new MissingFileError(`${url}: was not there when it was asked for`)
  const open = async () => {
    try {
      const source = await keptSource(store, file, url.href, options)
      await store.write(ADDRESS, folder.href)
      return source
    } catch (error) {
      if (!isKnown && error instanceof MissingFileError) await store.write(file + ABSENT, '')
      throw error
    }
  }
  const { locks } = navigator as Partial<Navigator>
  return locks
    ? locks.request(`${path}/${file}`, options.signal ? { signal: options.signal } : {}, open)
    : open()
}

/** Bytes that are kept of the file at an address, with a folder of {@link keptWeights}. */
export async function keptBytes(url: URL, folder?: URL): Promise<number> {
  const { store, file } = await placeOf(url, folder)
  return (await keptSize(store, file))?.bytes ?? (await store.read(file))?.size ?? 0
}

/**
 * A small file that may have been replaced on its server: from there, and where that cannot be reached as it was kept the last time.
 *
 * @throws MissingFileError where the server does not have it
 */
export async function latestFile(url: URL, options: KeptSourceOptions): Promise<Blob> {
  const { store, file } = await placeOf(url)
  try {
    const blob = await (await fetched(url.href, options)).blob()
    await store.write(file, blob)
    return blob
  } catch (error) {
    options.signal?.throwIfAborted()
    if (error instanceof MissingFileError || !(error instanceof WeightsError)) throw error
    const kept = await store.read(file)
    if (!kept) throw error
    return kept
  }
}

/** The models that the browser keeps for this page. */
export async function keptModels(): Promise<KeptModel[]> {
  const models: KeptModel[] = []
  for (const name of await keptFolders(MODELS)) {
    const store = keptFiles(`${MODELS}/${name}`)
    const suffix = '.kept.json'
    const lists = (await store.list()).filter((file) => file.endsWith(suffix))
    const sizes = await Promise.all(lists.map((file) => keptSize(store, file.slice(0, -suffix.length))))
    const known = sizes.flatMap((size) => size ?? [])
    const address = (await readText(store, ADDRESS)) ?? (known[0] && new URL('.', known[0].url).href)
    if (address === undefined) continue
    models.push({
      address,
      bytes: known.reduce((sum, { bytes }) => sum + bytes, 0),
      whole: known.length > 0 && known.every(({ whole }) => whole),
    })
  }
  return models
}

/**
 * Removes what is kept of the model at an address, of its folder or of a file in it. Other tabs that have it loaded are told by an
 * error when they read on.
 */
export async function removeKeptModel(address: string | URL): Promise<void> {
  await removeKept(await pathOf(placesOf(absolute(address)).folder))
}
