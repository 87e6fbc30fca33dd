import type { Datum } from '../data/dataset.js'
import { type Batch, type EvalBatchOptions, evalBatches } from '../data/loader.js'
import type { Classified, Classifier } from './classifier.js'
import { featureBatches } from './feature-batches.js'
import { evaluateLogits, type Metrics } from './metrics.js'

/** Options of {@link evaluateClassifier}. */
export interface EvaluateOptions {
  /** Side of the classifier's input, in pixels. */
  readonly resolution: number
  /** Leave out images that cannot be read instead of stopping; they are listed in the result. */
  readonly skipBadImages?: boolean
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
  const { onProgress } = options
  const { classNames } = classifier
  const skipped: string[] = []
  const logits: number[] = []
  const labels: number[] = []
  const indices: number[] = []
  const onBadImage = (_datum: Datum, error: Error) => skipped.push(error.message)
  for await (const batch of classified(classifier, data, { ...options, onBadImage })) {
    for (const value of batch.logits) logits.push(value)
    labels.push(...batch.labels)
    indices.push(...batch.indices)
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

type ClassifiedBatch = Pick<Classified, 'logits'> & Pick<Batch, 'labels' | 'indices'>

/** Logits batch by batch; where the image tower is frozen, by features that may be kept from before. */
async function* classified(
  classifier: Classifier,
  data: readonly Datum[],
  options: EvaluateOptions & Pick<EvalBatchOptions, 'onBadImage'>,
): AsyncGenerator<ClassifiedBatch> {
  const { batchSize, frozen, caches } = classifier
  if (frozen) {
    for await (const { features, labels, indices } of featureBatches({
      ...options,
      data,
      tower: frozen.tower,
      caches,
    })) {
      const { logits } = labels.length > 0 ? await frozen.classify(features) : nothing
      yield { logits, labels, indices }
    }
    return
  }
  const perImage = 3 * options.resolution ** 2
  for await (const batch of evalBatches({ ...options, data, batchSize, pixels: caches?.pixels })) {
    const { labels, indices } = batch
    const { logits } =
      labels.length > 0
        ? await classifier.classify(batch.images.subarray(0, labels.length * perImage))
        : nothing
    yield { logits, labels, indices }
  }
}

const nothing = { logits: new Float32Array(0) }
