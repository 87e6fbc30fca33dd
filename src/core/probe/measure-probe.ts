import { type ClassSelection, selectClasses } from '../data/base-novel.js'
import type { Dataset, Datum } from '../data/dataset.js'
import { cachedOrNewFewShot, shortageWarnings } from '../data/few-shot.js'
import { DataError } from '../errors.js'
import type { Evaluation } from '../evaluate/evaluate.js'
import { imageFeatures } from '../evaluate/image-features.js'
import { evaluateLogits } from '../evaluate/metrics.js'
import type { Model } from '../model.js'
import { linearLogits } from './linear-logits.js'
import { type LinearProbe, trainLinearProbe } from './linear-probe.js'

/** Options of {@link measureLinearProbe}. */
export interface MeasureProbeOptions {
  readonly model: Pick<Model, 'clip' | 'runtime' | 'caches'>
  readonly data: Dataset
  /** Training images a class. */
  readonly shots: number
  /** Which images are drawn. */
  readonly seed: number
  /** Classes to learn and to be tested on. */
  readonly classes: ClassSelection
  readonly skipBadImages?: boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ProbeProgress) => void
  /** Classes with fewer images than shots. */
  readonly onWarning?: (message: string) => void
}

/** How far a linear probe is: image features first, then regressions. */
export interface ProbeProgress {
  readonly phase: 'features' | 'regressions'
  readonly done: number
  readonly total: number
}

/** A linear probe and how well it does on the test images. */
export interface MeasuredProbe {
  readonly probe: LinearProbe
  readonly evaluation: Evaluation
}

/**
 * Trains a linear probe on the images that a prompt learning run of the same shots and seed would see, and measures it
 * on the test images. Features are those of the image tower, not normalised, of images without augmentation.
 *
 * @throws DataError when a class has no training image, there are no test images, or an image cannot be read unless
 *   bad ones are skipped; ConfigError for shots; WeightsError when a feature is not finite
 */
export async function measureLinearProbe(options: MeasureProbeOptions): Promise<MeasuredProbe> {
  const { model, data, shots, seed, classes, signal, onProgress, onWarning } = options
  const drawn = await cachedOrNewFewShot(data, shots, seed)
  if (drawn.cache) onWarning?.(`the cached few-shot draw ${drawn.cache} is used`)
  const { classNames, train, val, test } = selectClasses(drawn, classes)
  checkData(data, classNames, train, test)
  const short = drawn.shortages.filter(({ className }) => classNames.includes(className))
  for (const message of shortageWarnings(short)) onWarning?.(message)
  const total = train.length + val.length + test.length
  let before = 0
  const featuresOf = async (part: readonly Datum[]) => {
    const found = await imageFeatures(model, part, {
      skipBadImages: options.skipBadImages ?? false,
      ...(signal ? { signal } : {}),
      onProgress: (done) => onProgress?.({ phase: 'features', done: before + done, total }),
    })
    before += part.length
    return found
  }
  const trained = await featuresOf(train)
  const validation = await featuresOf(val)
  const tested = await featuresOf(test)
  checkClasses(data.name, classNames, trained.labels)
  const probe = await trainLinearProbe({
    runtime: model.runtime,
    train: trained,
    validation,
    classes: classNames.length,
    ...(signal ? { signal } : {}),
    onProgress: (done, total) => onProgress?.({ phase: 'regressions', done, total }),
  })
  const logits = await linearLogits(model.runtime, probe, tested.features)
  return {
    probe,
    evaluation: {
      metrics: evaluateLogits(logits, tested.labels, classNames.length),
      logits,
      labels: tested.labels,
      indices: tested.indices,
      skipped: [trained, validation, tested].flatMap(({ skipped }) => skipped),
    },
  }
}

function checkData(
  { name }: Dataset,
  classNames: readonly string[],
  train: readonly Datum[],
  test: readonly Datum[],
): void {
  if (test.length === 0) {
    throw new DataError(`${name} has no test images`, { hint: 'Put some into a folder `test`.' })
  }
  checkClasses(
    name,
    classNames,
    train.map(({ label }) => label),
  )
}

function checkClasses(name: string, classNames: readonly string[], labels: Iterable<number>): void {
  const known = new Set(labels)
  const missing = classNames.find((_, label) => !known.has(label))
  if (missing === undefined) return
  throw new DataError(`${name}: class "${missing}" has no training image that can be read`, {
    hint: 'A linear probe knows only classes that it is shown: add images, or remove the class.',
  })
}
