import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { UserError } from '../core/errors.js'
import type { Run } from '../core/evaluate/create-classifier.js'
import type { Model } from '../core/model.js'
import { optionsOf } from '../core/model-reference.js'
import { checkRun } from '../core/run/check-run.js'
import { runFiles } from '../core/run/run-files.js'
import { refuseForeignRepository } from './hub/resolve-model.js'
import { type LoadModelOptions, loadModel } from './model.js'
import { isNamed } from './open-dataset.js'
import { loadPrompts } from './runs/prompts-file.js'
import { readRunConfig } from './runs/run-directory.js'

/** Options of {@link loadRun}. */
export interface LoadRunOptions extends LoadModelOptions {
  /** A model that is loaded already, or the name of one in place of the run's. */
  readonly model?: Model | string
}

/**
 * Opens a run directory, or a `prompts.safetensors` by itself, with its model.
 *
 * @throws UserError when the run is missing or not finished, WeightsError when it is damaged,
 *   ConfigError when the model is not the one the prompts were trained with, or would have to be downloaded from a
 *   repository that the run alone names
 */
export async function loadRun(path: string, options: LoadRunOptions = {}): Promise<Run> {
  const { model: given, ...modelOptions } = options
  const file = await promptsPath(path)
  const prompts = await loadPrompts(file)
  const asTrained = optionsOf(prompts.model)
  if (given === undefined) await refuseForeignRepository(path, prompts.model.name)
  const model =
    typeof given === 'object'
      ? given
      : await loadModel(given ?? prompts.model.name, {
          ...asTrained,
          ...modelOptions,
          activation: modelOptions.activation ?? asTrained.activation,
        })
  try {
    await checkRun({ path, file }, prompts, model)
  } catch (error) {
    // A model that the caller gave is the caller's to close.
    if (model !== given) await model.close()
    throw error
  }
  return { prompts, model }
}

/**
 * How photos are to be turned for a run, where it says: `ignore` for one that was trained on a folder or list of one's own
 * with the orientation ignored, as all of version 0.1.0 were. Undefined otherwise: then photos of one's own are turned.
 *
 * @param path run directory, or its prompts
 */
export async function exifOfRun(path: string): Promise<'ignore' | undefined> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory()
  const config = await readRunConfig(isFolder ? path : dirname(path)).catch(() => undefined)
  if (!config || (config.data.path !== undefined && isNamed(config.data.path))) return undefined
  return config.data.exif === 'apply' ? undefined : 'ignore'
}

/**
 * Frames of the clips that a run sees; undefined where it sees pictures.
 *
 * @param path run directory, or its prompts
 * @throws as {@link loadRun} does
 */
export const framesOfRun = async (path: string): Promise<number | undefined> =>
  (await loadPrompts(await promptsPath(path))).model.frames

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
  const file = join(path, runFiles.prompts)
  if (await stat(file).catch(() => undefined)) return file
  const begun = await stat(join(path, runFiles.config)).catch(() => undefined)
  throw new UserError(`${path} ${begun ? 'holds a run that is not finished' : 'is not a run directory'}`, {
    hint: begun
      ? 'Finish it: call `promptsrc train` as before with --resume.'
      : 'Name the directory given to --out.',
  })
}
