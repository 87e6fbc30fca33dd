import { selectClasses } from '../data/base-novel.js'
import type { Dataset, Datum } from '../data/dataset.js'
import { cachedOrNewFewShot, shortageWarnings } from '../data/few-shot.js'
import { ImageCache } from '../data/image-cache.js'
import { type Batch, readableImages, trainBatchCount, trainBatches } from '../data/loader.js'
import type { UserError } from '../errors.js'
import { ConfigError, DataError } from '../errors.js'
import type { ConfiguredMethod } from '../methods/method.js'
import { frozenFeatures } from '../methods/prompted-features.js'
import { configure, methodNamed } from '../methods/registry.js'
import type { Model } from '../model.js'
import { adamW } from './adam.js'
import { type FeatureExamples, featureExamples } from './feature-examples.js'
import { resolveSettings, type Settings, type SettingsInput, scheduleOf } from './settings.js'
import { sgd } from './sgd.js'
import { FROZEN_IMAGES } from './step-graph.js'
import { Trainer, type TrainerOptions, type TrainerState } from './trainer.js'
import { type TrainingCost, trainingCost } from './training-cost.js'

/** Decoded images kept in memory between epochs. */
const CACHE_BYTES = 512 * 2 ** 20

/** What training needs beside its settings. */
export interface TrainingInput {
  readonly model: Model
  readonly data: Dataset
  /** Leave out images that cannot be read instead of stopping. */
  readonly skipBadImages?: boolean
  /** State to continue from. */
  readonly from?: TrainerState
  /**
   * Bytes that the process may take. A step of many classes that would take more encodes them some at a time, which
   * takes longer and rounds otherwise. Default: no limit.
   */
  readonly memory?: number | undefined
  readonly signal?: AbortSignal
}

/** Options of {@link trainPrompts}. */
export interface TrainPromptsOptions extends SettingsInput, TrainingInput {}

/** What happens while training, in order. */
export type TrainEvent =
  | { readonly type: 'warning'; readonly message: string }
  /** What it will take, told from shapes before anything is computed. */
  | {
      readonly type: 'plan'
      readonly cost: TrainingCost
      readonly classNames: readonly string[]
      readonly images: number
      readonly batchSize: number
    }
  | {
      readonly type: 'start'
      readonly classNames: readonly string[]
      readonly images: number
      /** Epochs in all, and those that a resumed run had finished. */
      readonly epochs: number
      readonly done: number
      readonly stepsPerEpoch: number
      /** Learned values. */
      readonly parameters: number
      readonly trainer: Trainer
    }
  | {
      readonly type: 'step'
      readonly epoch: number
      /** 1-based within the epoch. */
      readonly step: number
      readonly learningRate: number
      readonly losses: Readonly<Record<string, number>>
    }
  | {
      readonly type: 'epoch'
      readonly epoch: number
      readonly learningRate: number
      /** Mean of each loss term over the epoch. */
      readonly losses: Readonly<Record<string, number>>
      /** Share of right answers on the augmented training images, in percent. */
      readonly accuracy: number
      readonly state: TrainerState
    }

/**
 * Trains prompts on few images per class and yields what happens. Nothing is written; a caller that wants to resume
 * keeps the states of the `epoch` events. Equal settings, images and machine give equal bits, resumed or not.
 *
 * @throws ConfigError, DataError for settings and images; TrainingError when the loss is not finite;
 *   the signal's reason when it aborts
 */
export async function* trainPrompts(options: TrainPromptsOptions): AsyncGenerator<TrainEvent, TrainerState> {
  const { model, data, skipBadImages, from, memory, signal, ...input } = options
  return yield* trainWith(resolveSettings(input, model.clip), options)
}

/** {@link trainPrompts} with settings that are resolved for the model. */
export async function* trainWith(
  settings: Settings,
  { model, data: dataset, skipBadImages = false, from, memory, signal }: TrainingInput,
): AsyncGenerator<TrainEvent, TrainerState> {
  const { epochs, seed, methodOptions } = settings

  const drawn = await cachedOrNewFewShot(dataset, settings.shots, seed)
  if (drawn.cache) yield { type: 'warning', message: `the cached few-shot draw ${drawn.cache} is used` }
  const { classNames, train } = selectClasses(drawn, settings.classes)
  const short = drawn.shortages.filter(({ className }) => classNames.includes(className))
  for (const message of shortageWarnings(short)) yield { type: 'warning', message }
  if (train.length === 0) throw new DataError(`${dataset.name} has no training images`)

  const cache = new ImageCache(CACHE_BYTES)
  const bad: string[] = []
  const onBadImage = (_datum: Datum, error: UserError) => bad.push(error.message)
  const images = skipBadImages
    ? await readableImages(train, { cache, onBadImage, ...(signal ? { signal } : {}) })
    : train
  for (const message of bad) yield { type: 'warning', message: `left out: ${message}` }

  const method = configure({ method: methodNamed(settings.method), methodOptions, classNames }, model.clip)
  const { features } = method
  const examples: FeatureExamples | undefined =
    features &&
    featureExamples({ method: { ...method, features }, runtime: model.runtime, images, seed, cache, signal })
  const frozen = frozenViews(method, settings.views)
  const views =
    frozen &&
    featureExamples({
      method: { ...method, features: frozen },
      runtime: model.runtime,
      images,
      seed,
      cache,
      signal,
    })
  const batchSize = Math.min(settings.batchSize, images.length)
  let trainer: Trainer | undefined
  try {
    const options: TrainerOptions = {
      runtime: model.runtime,
      method,
      examples,
      batchSize,
      classesAtOnce: settings.classesAtOnce,
      memory,
      frozenImages: frozen !== undefined,
      optimizer: method.adamW
        ? adamW(method.adamW)
        : sgd({ momentum: settings.momentum, weightDecay: settings.weightDecay }),
      schedule: scheduleOf(settings),
      seed,
      textCache: model.caches?.text,
      ...(from ? { initial: from.parameters } : {}),
    }
    const step = await Trainer.plan(options)
    if (frozen && !(FROZEN_IMAGES in step.graph.inputs)) throw noViews(settings.method)
    const stepsPerEpoch = trainBatchCount(images.length, batchSize)
    const epochsLeft = epochs - (from?.epoch ?? 0)
    const outline = { method, step, images: images.length, stepsPerEpoch, epochsLeft, frozen }
    yield { type: 'plan', cost: trainingCost(outline), classNames, images: images.length, batchSize }
    trainer = await Trainer.create(options, step)
    if (from) trainer.restore(from)
    const parameters = [...trainer.state.parameters.values()].reduce((n, { length }) => n + length, 0)
    const done = trainer.state.epoch
    yield {
      type: 'start',
      classNames,
      images: images.length,
      epochs,
      done,
      stepsPerEpoch,
      parameters,
      trainer,
    }
    for (let epoch = done + 1; epoch <= epochs; epoch++) {
      const { learningRate } = trainer
      const sums: Record<string, number> = {}
      let correct = 0
      let step = 0
      const { preprocessing } = model.clip
      const view = frozen && 1 + ((epoch - 1) % frozen.views)
      const batches = examples
        ? examples.batches(epoch, batchSize)
        : trainBatches({ data: images, batchSize, epoch, view, seed, preprocessing, cache, signal })
      for await (const batch of batches) {
        const rows = await views?.rows((batch as Batch).indices, view!)
        const result = await trainer.step(batch.images, batch.labels, rows)
        step++
        correct += result.correct
        for (const [name, loss] of Object.entries(result.losses)) sums[name] = (sums[name] ?? 0) + loss
        yield { type: 'step', epoch, step, learningRate, losses: result.losses }
      }
      trainer.endEpoch()
      const losses = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / step]))
      const accuracy = (100 * correct) / (step * batchSize)
      yield { type: 'epoch', epoch, learningRate, losses, accuracy, state: trainer.state }
    }
    return trainer.state
  } finally {
    await Promise.all([trainer?.release(), examples?.release(), views?.release()])
  }
}

/** Frozen CLIP's features of so many views of every image; undefined where each epoch has its own. */
function frozenViews({ method, features, clip }: ConfiguredMethod, views: number | undefined) {
  if (views === undefined) return undefined
  if (features) throw noViews(method.name)
  return { ...frozenFeatures(clip), views }
}

const noViews = (method: string): ConfigError =>
  new ConfigError(`views: the steps of ${method} do not read frozen features of images`, {
    hint: 'Leave it out; methods that learn from features have an option of this name (--set views=N).',
  })
