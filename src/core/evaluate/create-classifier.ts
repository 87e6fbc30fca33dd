import { isBlankName, tidyClassName } from '../clip/templates.js'
import { ConfigError } from '../errors.js'
import { configure } from '../methods/registry.js'
import type { Model } from '../model.js'
import type { TrainedPrompts } from '../train/trained-prompts.js'
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

/**
 * Class names and others beside them, which are tidied. These must differ from all in what CLIP reads: its tokenizer ignores
 * case. A data set's own names need not: two pairs of ImageNet's classes have the same ("missile", "sunglasses").
 *
 * @throws ConfigError for an added name that is empty or there already
 */
export function withAddedClasses(classNames: readonly string[], addClasses: readonly string[]): string[] {
  const added = addClasses.map(tidyClassName)
  const known = new Set(classNames.map((name) => name.toLowerCase()))
  for (const name of added) {
    if (isBlankName(name)) {
      throw new ConfigError('an added class has an empty name', { hint: 'Give --add-class a name.' })
    }
    if (known.has(name.toLowerCase())) {
      throw new ConfigError(`class "${name}" is named twice`, {
        hint: 'Classes that were trained take part without --add-class.',
      })
    }
    known.add(name.toLowerCase())
  }
  return [...classNames, ...added]
}
