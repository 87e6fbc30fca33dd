import { photoTemplate } from '../clip/templates.js'
import { selectClasses } from '../data/base-novel.js'
import type { Dataset } from '../data/dataset.js'
import {
  type Classifier,
  type ClassifierOptions,
  promptedClassifier,
  zeroShotClassifier,
} from '../evaluate/classifier.js'
import { type Evaluation, evaluateClassifier } from '../evaluate/evaluate.js'
import { harmonicMean } from '../evaluate/metrics.js'
import { methodNamed } from '../methods/registry.js'
import type { Model } from '../model.js'
import { resolveSettings, type SettingsInput } from '../train/settings.js'
import { type TrainEvent, trainPrompts } from '../train/train-prompts.js'

/** Accuracy on base and novel classes and their harmonic mean, in percent. */
export interface BaseNovel {
  readonly base: number
  readonly novel: number
  readonly hm: number
}

/** A method's figures for one seed, with the evaluations behind them. */
export interface BaseNovelResult extends BaseNovel {
  readonly baseEvaluation: Evaluation
  readonly novelEvaluation: Evaluation
}

/** Zero-shot CLIP, with "a photo of a NAME.". */
export function zeroShotBaseNovel(model: Model, data: Dataset): Promise<BaseNovelResult> {
  return measure(model, data, (options) => zeroShotClassifier(options, [photoTemplate]))
}

/**
 * Trains on few images of the base classes, then measures base and novel classes apart (PromptSRC paper,
 * section 4.1, base-to-novel generalisation).
 */
export async function trainBaseNovel(
  model: Model,
  data: Dataset,
  input: SettingsInput,
  onEvent: (event: TrainEvent) => void = () => {},
  signal?: AbortSignal,
): Promise<BaseNovelResult> {
  const settings = resolveSettings({ ...input, classes: 'base' }, model.clip)
  const events = trainPrompts({ ...settings, model, data, ...(signal ? { signal } : {}) })
  let next = await events.next()
  for (; !next.done; next = await events.next()) onEvent(next.value)
  const learned = {
    method: methodNamed(settings.method),
    methodOptions: settings.methodOptions,
    parameters: next.value.parameters,
    classNames: selectClasses(data, settings.classes).classNames,
  }
  return measure(model, data, (options) => promptedClassifier(options, learned))
}

async function measure(
  { clip, runtime }: Model,
  data: Dataset,
  create: (options: ClassifierOptions) => Promise<Classifier>,
): Promise<BaseNovelResult> {
  const evaluate = async (selection: 'base' | 'novel') => {
    const { classNames, test } = selectClasses(data, selection)
    const classifier = await create({ clip, runtime, classNames, batchSize: 50 })
    const evaluation = await evaluateClassifier(classifier, test, { resolution: clip.resolution })
    await classifier.release()
    return evaluation
  }
  const baseEvaluation = await evaluate('base')
  const novelEvaluation = await evaluate('novel')
  const base = baseEvaluation.metrics.accuracy
  const novel = novelEvaluation.metrics.accuracy
  return { base, novel, hm: harmonicMean(base, novel), baseEvaluation, novelEvaluation }
}
