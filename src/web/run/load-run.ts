import { UserError } from '../../core/errors.js'
import type { Run } from '../../core/evaluate/create-classifier.js'
import { sha256 } from '../../core/hash.js'
import type { Model } from '../../core/model.js'
import type { ModelReference } from '../../core/model-reference.js'
import { checkRun } from '../../core/run/check-run.js'
import { type HeldOutFigures, parseHeldOutFigures } from '../../core/run/held-out-figures.js'
import { runFiles } from '../../core/run/run-files.js'
import { readPrompts } from '../../core/train/trained-prompts.js'
import { decodeSafetensors } from '../../core/weights/safetensors.js'
import { type FileStore, readText } from '../kept/file-store.js'

/** A finished run in a page. */
export interface LoadedRun extends Run {
  /** What was set on held-out images: when an image is of none of the classes, and how sure answers are. */
  readonly heldOut: HeldOutFigures | undefined
}

/**
 * The prompts of a run, for the model that they were trained with.
 *
 * @param run its folder: {@link keptRun} or {@link openRun}
 * @param model loaded already, or to be loaded by what the run says of it; whoever calls closes it
 * @throws UserError when the run is not finished, WeightsError when it is damaged, ConfigError when the model is another one
 */
export async function loadRun(
  run: FileStore,
  model: Model | ((reference: ModelReference) => Promise<Model>),
): Promise<LoadedRun> {
  const file = `${run.name}: ${runFiles.prompts}`
  const content = await run.read(runFiles.prompts)
  if (!content) {
    const begun = await run.read(runFiles.config)
    throw new UserError(`${run.name} holds ${begun ? 'a run that is not finished' : 'no run'}`, {
      hint: begun ? 'Finish it: train as before with resume: true.' : 'Train one, or choose another.',
    })
  }
  const bytes = new Uint8Array(await content.arrayBuffer())
  const prompts = await readPrompts(await decodeSafetensors(bytes, file))
  const loaded = typeof model === 'function' ? await model(prompts.model) : model
  try {
    await checkRun({ path: run.name, file }, prompts, loaded)
    const text = await readText(run, runFiles.noneOfThese)
    const heldOut =
      text === undefined ? undefined : parseHeldOutFigures(text, `${run.name}: ${runFiles.noneOfThese}`)
    return {
      prompts,
      model: loaded,
      heldOut: heldOut?.prompts === (await sha256([bytes])) ? heldOut : undefined,
    }
  } catch (error) {
    if (loaded !== model) await loaded.close()
    throw error
  }
}
