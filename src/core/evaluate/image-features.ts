import type { Datum } from '../data/dataset.js'
import type { Model } from '../model.js'
import { featureBatches } from './feature-batches.js'
import { frozenImageTower } from './frozen-image-tower.js'

/** Options of {@link imageFeatures}. */
export interface ImageFeaturesOptions {
  /** Leave out images that cannot be read instead of stopping; they are listed in the result. */
  readonly skipBadImages?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/** Features of labelled images by frozen CLIP. */
export interface ImageFeatures {
  /** As the image tower puts them out, not normalised: [images, embedDim]. */
  readonly features: Float32Array
  readonly labels: Int32Array
  /** Place of every image in the list given. */
  readonly indices: Int32Array
  /** Messages of images left out. */
  readonly skipped: readonly string[]
}

/**
 * Features of images by frozen CLIP, with the test transform and without augmentation, in the order of `data`. What the
 * model's caches hold is not computed again.
 *
 * @throws DataError when an image cannot be read, unless bad images are skipped
 */
export async function imageFeatures(
  model: Pick<Model, 'clip' | 'runtime' | 'caches'>,
  data: readonly Datum[],
  options: ImageFeaturesOptions = {},
): Promise<ImageFeatures> {
  const { skipBadImages, signal, onProgress } = options
  const { embedDim } = model.clip.config
  const tower = frozenImageTower(model.clip, model.runtime)
  const features = new Float32Array(data.length * embedDim)
  const labels: number[] = []
  const indices: number[] = []
  const skipped: string[] = []
  try {
    for await (const batch of featureBatches({
      data,
      tower,
      caches: model.caches,
      skipBadImages,
      onBadImage: (_datum, error) => skipped.push(error.message),
      signal,
    })) {
      features.set(batch.features, labels.length * embedDim)
      labels.push(...batch.labels)
      indices.push(...batch.indices)
      onProgress?.(labels.length + skipped.length, data.length)
    }
  } finally {
    await tower.release()
  }
  return {
    features: features.slice(0, labels.length * embedDim),
    labels: Int32Array.from(labels),
    indices: Int32Array.from(indices),
    skipped,
  }
}
