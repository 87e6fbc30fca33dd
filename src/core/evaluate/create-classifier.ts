import { configure } from '../methods/registry.js'
import type { Model } from '../model.js'
import type { TrainedPrompts } from '../train/trained-prompts.js'
import { withAddedClasses } from './added-classes.js'
import { type Classifier, promptedClassifier } from './classifier.js'

/** A finished run: its prompts and the model that they belong to. */
export interface Run {
  readonly prompts: TrainedPrompts
  readonly model: Model
}

/** Options of {@link createClassifier}. */
export interface CreateClassifierOptions {
  /** Classes to choose from. Default: those that were trained. */
  readonly classNames?: readonly string[]
  /** Classes beside them; they need not have been trained. */
  readonly addClasses?: readonly string[]
  /** Images of one call of the model. Default: 16. */
  readonly batchSize?: number
}

/**
 * The classifier of a run's prompts over any class names. Throws ConfigError for an added class that is there already.
 */
export async function createClassifier(
  { prompts, model }: Run,
  { classNames = prompts.classNames, addClasses = [], batchSize }: CreateClassifierOptions = {},
): Promise<Classifier> {
  const { clip, runtime, caches } = model
  const options = { clip, runtime, caches, classNames: withAddedClasses(classNames, addClasses) }
  const { parameters } = prompts
  return promptedClassifier(
    { ...options, ...(batchSize ? { batchSize } : {}) },
    { method: configure(prompts, clip), parameters },
  )
}
