import type { Dataset } from '../data/dataset.js'
import { trainBatchCount } from '../data/loader.js'
import type { ConfiguredMethod } from '../methods/method.js'
import { configure, methodNamed, withLearnedWeights } from '../methods/registry.js'
import type { Model } from '../model.js'
import { adamW } from './adam.js'
import type { Tensors } from './optimizer.js'
import { resolveSettings, type Settings, type SettingsInput, scheduleOf } from './settings.js'
import { sgd } from './sgd.js'
import { FROZEN_IMAGES } from './step-graph.js'
import type { StepResult } from './steps.js'
import { Trainer, type TrainerOptions, type TrainerState } from './trainer.js'
import { sumOfCosts, type TrainingCost, type TrainingOutline, trainingCost } from './training-cost.js'
import {
  type ChosenExamples,
  chosenImages,
  chosenSentences,
  type ExampleBatch,
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
  const { epochs, methodOptions } = settings
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
  const { classNames, count } = chosen
  const method = configure({ method: registered, methodOptions, classNames }, model.clip)
  const batchSize = Math.min(settings.batchSize, count)
  const input = { settings, model, chosen, memory, batchSize }
  const { next } = method
  const before = next ? Math.max(1, Math.round(epochs * next.after)) : epochs
  const first: Stage = { method, before: 0, epochs: before }
  if (!next || before >= epochs) return yield* trainStage(input, first, from)
  const stageAfter = (learned: Tensors, { clip }: ConfiguredMethod): Stage => ({
    method: {
      ...next.configure(clip, learned),
      method: registered,
      options: methodOptions,
      clip,
      classNames,
    },
    before,
    epochs: epochs - before,
  })
  const begun = from !== undefined && from.epoch >= before
  // Shapes alone tell what the second stage costs.
  const later = begun ? undefined : stageAfter(new Map(), method)
  const { epoch, parameters } = begun ? from : yield* trainStage(input, first, from, later)
  const second = stageAfter(parameters, withLearnedWeights(method, parameters))
  return yield* trainStage(
    input,
    second,
    begun && epoch > before ? from : undefined,
    begun ? undefined : 'told',
  )
}

/** Epochs that train the same parameters by the same step. */
interface Stage {
  readonly method: ConfiguredMethod
  /** Epochs of the stages before it. */
  readonly before: number
  readonly epochs: number
}

/** What is the same for all stages. */
interface StageInput extends Pick<TrainingInput, 'model' | 'memory'> {
  readonly settings: Settings
  readonly chosen: ChosenExamples
  readonly batchSize: number
}

/**
 * The epochs of a stage, counted with those before it.
 *
 * @param from a state within the stage to continue from
 * @param later a stage that follows, whose cost belongs to the plan; `told`: plan and start were told by the one before
 */
async function* trainStage(
  { settings, model, chosen, memory, batchSize }: StageInput,
  { method, before, epochs }: Stage,
  from: TrainerState | undefined,
  later?: Stage | 'told',
): AsyncGenerator<TrainEvent, TrainerState> {
  const { seed } = settings
  const { classNames, kind, count, sentences } = chosen
  const frozen = frozenViews(method, settings.views)
  const examples = chosen.open(method, frozen)
  const absolute = (state: TrainerState): TrainerState => ({ ...state, epoch: before + state.epoch })
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
      schedule: scheduleOf({ ...settings, epochs }),
      seed,
      // Of weights that were learned no cache knows.
      textCache: method.clip === model.clip ? model.caches?.text : undefined,
      ...(from ? { initial: from.parameters } : {}),
    }
    const done = from ? from.epoch - before : 0
    const step = await Trainer.plan(options)
    if (frozen && !(FROZEN_IMAGES in step.graph.inputs)) throw noViews(settings.method)
    const stepsPerEpoch = trainBatchCount(count, batchSize)
    if (later !== 'told') {
      const shared = { examples: count, sentences, stepsPerEpoch }
      const own = trainingCost({ ...shared, method, step, epochsLeft: epochs - done, frozen })
      const cost = later ? sumOfCosts(own, await laterCost(options, later, shared)) : own
      yield { type: 'plan', cost, classNames, images: count, kind, batchSize }
    }
    trainer = await Trainer.create(options, step)
    if (from) trainer.restore({ ...from, epoch: done })
    if (later !== 'told') {
      const parameters = [...trainer.state.parameters.values()].reduce((n, { length }) => n + length, 0)
      yield {
        type: 'start',
        classNames,
        images: count,
        kind,
        epochs: settings.epochs,
        done: before + done,
        stepsPerEpoch,
        parameters,
        trainer,
      }
    }
    for (let epoch = before + done + 1; epoch <= before + epochs; epoch++) {
      const { learningRate } = trainer
      const sums: Record<string, number> = {}
      let correct = 0
      let step = 0
      for await (const result of stepResults(trainer, examples.batches(epoch, batchSize))) {
        step++
        correct += result.correct
        for (const [name, loss] of Object.entries(result.losses)) sums[name] = (sums[name] ?? 0) + loss
        yield { type: 'step', epoch, step, learningRate, losses: result.losses }
      }
      trainer.endEpoch()
      const losses = Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / step]))
      const accuracy = (100 * correct) / (step * batchSize)
      yield { type: 'epoch', epoch, learningRate, losses, accuracy, state: absolute(trainer.state) }
    }
    return absolute(trainer.state)
  } finally {
    await Promise.all([trainer?.release(), examples.release()])
  }
}

/** Makes a step of every batch and gives what is found, where it is known late in the order of the steps. */
async function* stepResults(
  trainer: Trainer,
  batches: AsyncIterable<ExampleBatch>,
): AsyncGenerator<StepResult> {
  for await (const { images, labels, frozen } of batches) yield* await trainer.step(images, labels, frozen)
  yield* await trainer.settle()
}

/** What a stage that has not begun will cost. */
async function laterCost(
  options: TrainerOptions,
  { method, epochs }: Stage,
  shared: Pick<TrainingOutline, 'examples' | 'sentences' | 'stepsPerEpoch'>,
): Promise<TrainingCost> {
  const step = await Trainer.plan({ ...options, method, memory: undefined })
  return trainingCost({ ...shared, method, step, epochsLeft: epochs })
}
