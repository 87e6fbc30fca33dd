import type { Datum } from '../data/dataset.js'
import type { ImageCache } from '../data/image-cache.js'
import { evalBatches } from '../data/loader.js'
import type { Classifier } from './classifier.js'
import { evaluateLogits, type Metrics } from './metrics.js'

/** Options of {@link evaluateClassifier}. */
export interface EvaluateOptions {
  /** Side of the classifier's input, in pixels. */
  readonly resolution: number
  /** Leave out images that cannot be read instead of stopping; they are listed in the result. */
  readonly skipBadImages?: boolean
  readonly cache?: ImageCache
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/** Figures of an evaluation with what they were computed from. */
export interface Evaluation {
  readonly metrics: Metrics
  /** [images, classes] */
  readonly logits: Float32Array
  readonly labels: Int32Array
  /** Place of every evaluated image in the list given. */
  readonly indices: Int32Array
  /** Messages of images left out. */
  readonly skipped: readonly string[]
}

/**
 * Classifies labelled images and computes the figures. Labels are indices into the classifier's class names.
 *
 * @throws DataError when an image cannot be read, unless bad images are skipped
 */
export async function evaluateClassifier(
  classifier: Classifier,
  data: readonly Datum[],
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { resolution, skipBadImages, cache, signal, onProgress } = options
  const { batchSize, classNames } = classifier
  const skipped: string[] = []
  const logits: number[] = []
  const labels: number[] = []
  const indices: number[] = []
  const perImage = 3 * resolution * resolution
  const onBadImage = (_datum: Datum, error: Error) => skipped.push(error.message)
  for await (const batch of evalBatches({
    data,
    batchSize,
    resolution,
    skipBadImages,
    onBadImage,
    cache,
    signal,
  })) {
    const n = batch.labels.length
    if (n > 0) {
      const result = await classifier.classify(batch.images.subarray(0, n * perImage))
      for (const value of result.logits) logits.push(value)
      labels.push(...batch.labels)
      indices.push(...batch.indices)
    }
    onProgress?.(labels.length + skipped.length, data.length)
  }
  const values = Float32Array.from(logits)
  return {
    metrics: evaluateLogits(values, labels, classNames.length),
    logits: values,
    labels: Int32Array.from(labels),
    indices: Int32Array.from(indices),
    skipped,
  }
}
