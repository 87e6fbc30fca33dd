import { ConfigError } from '../errors.js'
import type { Model } from '../model.js'
import { optionsOf } from '../model-reference.js'
import { checkPrompts, type LoadedPrompts } from '../train/trained-prompts.js'

/**
 * Throws where a run's prompts are not for a model: ConfigError for another model or form of images, WeightsError for
 * parameters of another shape.
 *
 * @param path of the run
 * @param file of its prompts
 */
export async function checkRun(
  { path, file }: { readonly path: string; readonly file: string },
  prompts: LoadedPrompts,
  model: Model,
): Promise<void> {
  const sha256 = await model.hash()
  if (sha256 !== prompts.model.sha256) {
    throw new ConfigError(
      `${path} was trained with ${prompts.model.name} (SHA-256 ${prompts.model.sha256.slice(0, 12)}…), but ${model.source} is ${sha256.slice(0, 12)}…`,
      { hint: 'Name the model it was trained with by --model.' },
    )
  }
  const { preprocessing } = model.clip
  const { frames } = prompts.model
  if (preprocessing.frames !== frames) {
    throw new ConfigError(
      `${path} was trained on ${seen(frames)}, but ${model.source} was loaded for ${seen(preprocessing.frames)}`,
      {
        hint: 'Let the run load its model, or load the model with the frames that the run names.',
      },
    )
  }
  if (
    JSON.stringify({ ...preprocessing, ...optionsOf(prompts.model).pixels }) !== JSON.stringify(preprocessing)
  ) {
    throw new ConfigError(`${path} was trained on images in another form than ${model.source} takes`, {
      hint: 'Let the run load its model, or load the model with the pixels that the run names.',
    })
  }
  checkPrompts(file, prompts, model.clip)
}

const seen = (frames: number | undefined): string =>
  frames === undefined ? 'pictures' : `clips of ${frames} frames`
