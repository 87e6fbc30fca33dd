import type { Datum } from '../data/dataset.js'
import { type Batch, type EvalBatchOptions, evalBatches } from '../data/loader.js'
import { inputLength, type Preprocessing, type TestView } from '../image/preprocess.js'
import type { Classified, Classifier } from './classifier.js'
import { featureBatches } from './feature-batches.js'
import { evaluateLogits, type Metrics } from './metrics.js'

/** What was found of consecutive images. */
export interface EvaluatedPart {
  /** Images that were looked at, readable or not. */
  readonly images: number
  /** Places of those that were classified. */
  readonly indices: readonly number[]
  /** [indices, classes] */
  readonly logits: Float32Array
  /** Messages of those left out. */
  readonly skipped: readonly string[]
}

/** Keeps what an evaluation has found so far, so that one of many images goes on where it was killed. */
export interface EvaluationJournal {
  /** What earlier evaluations of the same found, in order. */
  read(classes: number): Promise<readonly EvaluatedPart[]>
  /** @param before what {@link read} gave */
  add(part: EvaluatedPart, before: readonly EvaluatedPart[]): Promise<void>
  /** Called when the evaluation is done. */
  remove(): Promise<void>
}

/** Options of {@link evaluateClassifier}. */
export interface EvaluateOptions {
  /** What is looked at; default: the middle. */
  readonly view?: TestView
  /** Leave out images that cannot be read instead of stopping; they are listed in the result. */
  readonly skipBadImages?: boolean
  /** Keeps what was found, to go on after a kill. */
  readonly journal?: EvaluationJournal
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
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const { onProgress, journal } = options
  const classes = classifier.classNames.length
  const logits = new Float32Array(data.length * classes)
  const indices: number[] = []
  const skipped: string[] = []
  let done = 0
  const take = (part: EvaluatedPart) => {
    logits.set(part.logits, indices.length * classes)
    for (const index of part.indices) indices.push(index)
    skipped.push(...part.skipped)
    done += part.images
    onProgress?.(done, data.length)
  }

  const before = (await journal?.read(classes)) ?? []
  for (const part of before) take(part)
  const start = done
  const bad: string[] = []
  const onBadImage = (_datum: Datum, error: Error) => bad.push(error.message)
  for await (const batch of classified(classifier, data.slice(start), { ...options, onBadImage })) {
    const own = bad.splice(0)
    const part = {
      images: batch.indices.length + own.length,
      indices: Array.from(batch.indices, (index) => start + index),
      logits: batch.logits,
      skipped: own,
    }
    take(part)
    await journal?.add(part, before)
  }
  await journal?.remove()
  const found = logits.subarray(0, indices.length * classes)
  const labels = Int32Array.from(indices, (index) => data[index]!.label)
  return {
    metrics: evaluateLogits(found, labels, classes),
    logits: found,
    labels,
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
  const seen = ({ preprocessing }: { readonly preprocessing: Preprocessing }): Preprocessing =>
    options.view ? { ...preprocessing, view: options.view } : preprocessing
  if (frozen) {
    for await (const { features, labels, indices } of featureBatches({
      ...options,
      data,
      tower: { ...frozen.tower, preprocessing: seen(frozen.tower) },
      caches,
    })) {
      const { logits } = labels.length > 0 ? await frozen.classify(features) : nothing
      yield { logits, labels, indices }
    }
    return
  }
  const preprocessing = seen(classifier)
  const perImage = inputLength(preprocessing)
  for await (const batch of evalBatches({
    ...options,
    data,
    batchSize,
    preprocessing,
    pixels: caches?.pixels,
  })) {
    const { labels, indices } = batch
    const { logits } =
      labels.length > 0
        ? await classifier.classify(batch.images.subarray(0, labels.length * perImage))
        : nothing
    yield { logits, labels, indices }
  }
}

const nothing = { logits: new Float32Array(0) }
