import type { Datum } from '../data/dataset.js'
import { type EvalOptions, evalItems, type PixelCache, testPixels } from '../data/loader.js'
import { inputLength, normalize } from '../image/preprocess.js'
import type { FrozenImageTower } from './frozen-image-tower.js'

/** Keeps features of images by the content of their files, for one tower at a time. */
export interface FeatureCache {
  open(tower: FrozenImageTower): Promise<TowerFeatures>
}

/** Features that one tower has computed before. */
export interface TowerFeatures {
  /**
   * @param bytes the image's file
   * @param reading how it is read, see `ImageFile`
   */
  find(bytes: Uint8Array, reading?: string): Promise<FoundFeatures>
}

/** What is kept of an image. */
export interface FoundFeatures {
  readonly features: Float32Array | undefined
  keep(features: Float32Array): Promise<void>
}

/** Where evaluations keep what they make of images. */
export interface EvaluationCaches {
  readonly pixels: PixelCache
  /** Absent where the runtime does not say what its results depend on. */
  readonly features?: FeatureCache
}

/** Options of {@link featureBatches}. */
export interface FeatureBatchOptions extends Omit<EvalOptions, 'batchSize' | 'preprocessing' | 'cache'> {
  readonly tower: FrozenImageTower
  readonly caches?: EvaluationCaches | undefined
}

/** Features of images of a batch that could be read. */
export interface FeatureBatch {
  /** Not normalised: [images, width]. */
  readonly features: Float32Array
  readonly labels: Int32Array
  /** Place of every image in `data`. */
  readonly indices: Int32Array
}

/** An image with its features, or with the pixels from which they are to be computed. */
interface Loaded {
  readonly found: FoundFeatures | undefined
  readonly pixels: Uint8Array | undefined
}

/**
 * Features of images by frozen CLIP, batch by batch in the order of `data`, with the test transform. What is kept from
 * before is neither decoded nor computed; it equals what would be computed, bit for bit.
 *
 * @throws DataError when an image cannot be read, unless bad images are skipped
 */
export async function* featureBatches(
  options: FeatureBatchOptions,
): AsyncGenerator<FeatureBatch, void, undefined> {
  const { tower, caches, data } = options
  const { preprocessing, batchSize, width } = tower
  const kept = await caches?.features?.open(tower)
  const pixelOptions = { pixels: caches?.pixels, preprocessing }
  const load = async (datum: Datum, signal: AbortSignal): Promise<Loaded> => {
    signal.throwIfAborted()
    const file = caches && datum.file
    const bytes = await file?.read()
    const found = bytes && (await kept?.find(bytes, file?.reading))
    return {
      found,
      pixels: found?.features ? undefined : await testPixels(pixelOptions, datum, signal, bytes),
    }
  }
  const batch = (items: readonly Loaded[], indices: readonly number[]) => {
    const missing = items.filter(({ pixels }) => pixels)
    const size = inputLength(preprocessing)
    const images = new Float32Array(missing.length * size)
    for (const [row, { pixels }] of missing.entries()) normalize(pixels!, preprocessing, images, row * size)
    return { items, indices, missing, images }
  }
  for await (const { items, indices, missing, images } of evalItems(
    { ...options, batchSize, preprocessing },
    load,
    batch,
  )) {
    const computed = new Map<Loaded, Float32Array>()
    if (missing.length > 0) {
      const rows = await tower.features(images)
      for (const [row, item] of missing.entries()) {
        const own = rows.slice(row * width, (row + 1) * width)
        computed.set(item, own)
        await item.found?.keep(own)
      }
    }
    const features = new Float32Array(items.length * width)
    for (const [row, item] of items.entries()) {
      features.set(computed.get(item) ?? item.found!.features!, row * width)
    }
    yield {
      features,
      labels: Int32Array.from(indices, (index) => data[index]!.label),
      indices: Int32Array.from(indices),
    }
  }
}
