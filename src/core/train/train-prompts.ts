import type { Dataset } from '../data/dataset.js'
import { trainBatchCount } from '../data/loader.js'
import { configure, methodNamed } from '../methods/registry.js'
import type { Model } from '../model.js'
import { adamW } from './adam.js'
import { resolveSettings, type Settings, type SettingsInput, scheduleOf } from './settings.js'
import { sgd } from './sgd.js'
import { FROZEN_IMAGES } from './step-graph.js'
import { Trainer, type TrainerOptions, type TrainerState } from './trainer.js'
import { type TrainingCost, trainingCost } from './training-cost.js'
import {
  type ChosenExamples,
  chosenImages,
  chosenSentences,
  frozenViews,
  noViews,
} from './training-examples.js'

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
      /** Examples: images, or sentences about the classes. */
      readonly images: number
      readonly kind: ChosenExamples['kind']
      readonly batchSize: number
    }
  | {
      readonly type: 'start'
      readonly classNames: readonly string[]
      readonly images: number
      readonly kind: ChosenExamples['kind']
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
  { model, data, skipBadImages, from, memory, signal }: TrainingInput,
): AsyncGenerator<TrainEvent, TrainerState> {
  const { epochs, seed, methodOptions } = settings
  const registered = methodNamed(settings.method)
  const choice = { model, data, skipBadImages, signal }
  let chosen: ChosenExamples
  if (registered.learning === 'texts') {
    chosen = chosenSentences(settings, choice)
  } else {
    const choosing = chosenImages(settings, choice)
    let next = await choosing.next()
    for (; !next.done; next = await choosing.next()) yield { type: 'warning', message: next.value }
    chosen = next.value
  }
  const { classNames, kind, count, sentences } = chosen
  const method = configure({ method: registered, methodOptions, classNames }, model.clip)
  const frozen = frozenViews(method, settings.views)
  const examples = chosen.open(method, frozen)
  const batchSize = Math.min(settings.batchSize, count)
  let trainer: Trainer | undefined
  try {
    const options: TrainerOptions = {
      runtime: model.runtime,
      method,
      examples: examples.known,
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
    const stepsPerEpoch = trainBatchCount(count, batchSize)
    const epochsLeft = epochs - (from?.epoch ?? 0)
    const outline = { method, step, examples: count, sentences, stepsPerEpoch, epochsLeft, frozen }
    yield { type: 'plan', cost: trainingCost(outline), classNames, images: count, kind, batchSize }
    trainer = await Trainer.create(options, step)
    if (from) trainer.restore(from)
    const parameters = [...trainer.state.parameters.values()].reduce((n, { length }) => n + length, 0)
    const done = trainer.state.epoch
    yield {
      type: 'start',
      classNames,
      images: count,
      kind,
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
      for await (const { images, labels, frozen: rows } of examples.batches(epoch, batchSize)) {
        const result = await trainer.step(images, labels, rows)
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
    await Promise.all([trainer?.release(), examples.release()])
  }
}
