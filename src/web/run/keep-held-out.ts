import type { Dataset } from '../../core/data/dataset.js'
import { createClassifier } from '../../core/evaluate/create-classifier.js'
import { type EvaluateOptions, evaluateClassifier } from '../../core/evaluate/evaluate.js'
import { heldOutImages } from '../../core/evaluate/held-out-images.js'
import { sha256 } from '../../core/hash.js'
import { type HeldOutFigures, heldOutFigures, heldOutFiguresText } from '../../core/run/held-out-figures.js'
import { runFiles } from '../../core/run/run-files.js'
import type { FileStore } from '../kept/file-store.js'
import type { LoadedRun } from './load-run.js'
import { readRunConfig } from './run-folder.js'

/**
 * Sets when an image is of none of the classes, and how sure answers are, on pictures of the run's data that it was not trained
 * on: those beyond the shots. The figures are kept in the run, as `promptsrc train` keeps them.
 *
 * @param loaded the run as {@link loadRun} gave it
 * @param data that it was trained on
 * @returns undefined where there are no such pictures; nothing is kept then
 */
export async function keepHeldOut(
  run: FileStore,
  loaded: LoadedRun,
  data: Dataset,
  options: Pick<EvaluateOptions, 'signal' | 'onProgress'> = {},
): Promise<HeldOutFigures | undefined> {
  const config = await readRunConfig(run)
  const content = await run.read(runFiles.prompts)
  if (!config || !content) return undefined
  const { part, images } = await heldOutImages(data, config.settings)
  if (images.length === 0) return undefined
  const classifier = await createClassifier(loaded)
  const evaluation = await evaluateClassifier(classifier, images, {
    ...options,
    skipBadImages: true,
  }).finally(() => classifier.release())
  if (evaluation.labels.length === 0) return undefined
  const prompts = await sha256([new Uint8Array(await content.arrayBuffer())])
  const figures = await heldOutFigures(loaded, evaluation, part)
  await run.write(runFiles.noneOfThese, heldOutFiguresText(prompts, figures))
  return { prompts, ...figures }
}
