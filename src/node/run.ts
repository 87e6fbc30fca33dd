import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, UserError } from '../core/errors.js'
import { type Classifier, promptedClassifier } from '../core/evaluate/classifier.js'
import { tidyClassName } from './data/class-names.js'
import { type LoadModelOptions, loadModel, type Model } from './model.js'
import { checkPrompts, loadPrompts, type TrainedPrompts } from './runs/prompts-file.js'

/** A finished run: its prompts and the model that they belong to. */
export interface Run {
  readonly prompts: TrainedPrompts
  readonly model: Model
}

/** Options of {@link loadRun}. */
export interface LoadRunOptions extends LoadModelOptions {
  /** A model that is loaded already, or the name of one in place of the run's. */
  readonly model?: Model | string
}

/**
 * Opens a run directory, or a `prompts.safetensors` by itself, with its model.
 *
 * @throws UserError when the run is missing or not finished, WeightsError when it is damaged,
 *   ConfigError when the model is not the one the prompts were trained with
 */
export async function loadRun(path: string, options: LoadRunOptions = {}): Promise<Run> {
  const { model: given, ...modelOptions } = options
  const file = await promptsPath(path)
  const prompts = await loadPrompts(file)
  const model = typeof given === 'object' ? given : await loadModel(given ?? prompts.model.name, modelOptions)
  try {
    const sha256 = await model.hash()
    if (sha256 !== prompts.model.sha256) {
      throw new ConfigError(
        `${path} was trained with ${prompts.model.name} (SHA-256 ${prompts.model.sha256.slice(0, 12)}…), but ${model.source} is ${sha256.slice(0, 12)}…`,
        { hint: 'Name the model it was trained with by --model.' },
      )
    }
    checkPrompts(file, prompts, model.clip)
  } catch (error) {
    // A model that the caller gave is the caller's to close.
    if (model !== given) await model.close()
    throw error
  }
  return { prompts, model }
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
  const added = addClasses.map(tidyClassName)
  checkAddedClasses(classNames, added)
  const { clip, runtime, caches } = model
  const options = { clip, runtime, caches, classNames: [...classNames, ...added] }
  return promptedClassifier({ ...options, ...(batchSize ? { batchSize } : {}) }, prompts)
}

/**
 * Added names must differ from the others in what CLIP reads: its tokenizer ignores case. A data set's own names need
 * not: two pairs of ImageNet's classes have the same ("missile", "sunglasses").
 */
function checkAddedClasses(classNames: readonly string[], added: readonly string[]): void {
  const known = new Set(classNames.map((name) => name.toLowerCase()))
  for (const name of added) {
    if (name === '') {
      throw new ConfigError('an added class has an empty name', { hint: 'Give --add-class a name.' })
    }
    if (known.has(name.toLowerCase())) {
      throw new ConfigError(`class "${name}" is named twice`, {
        hint: 'Classes that were trained take part without --add-class.',
      })
    }
    known.add(name.toLowerCase())
  }
}

/**
 * The file with the prompts of a run.
 *
 * @param path run directory, or that file
 * @throws UserError when there is none, or the run is not finished
 */
export async function promptsPath(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined)
  if (!found)
    throw new UserError(`no run at ${path}`, { hint: 'Train one with `promptsrc train DATA --out RUN`.' })
  if (!found.isDirectory()) return path
  const file = join(path, 'prompts.safetensors')
  if (await stat(file).catch(() => undefined)) return file
  const begun = await stat(join(path, 'config.yaml')).catch(() => undefined)
  throw new UserError(`${path} ${begun ? 'holds a run that is not finished' : 'is not a run directory'}`, {
    hint: begun
      ? 'Finish it: call `promptsrc train` as before with --resume.'
      : 'Name the directory given to --out.',
  })
}
