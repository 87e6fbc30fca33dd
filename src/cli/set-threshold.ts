import { counted } from '../core/counted.js'
import type { Dataset, Datum } from '../core/data/dataset.js'
import { UserError } from '../core/errors.js'
import type { Run } from '../core/evaluate/create-classifier.js'
import type { Evaluation } from '../core/evaluate/evaluate.js'
import { heldOutImages } from '../core/evaluate/held-out-images.js'
import { ACCEPT, type HeldOutFigures, heldOutFigures } from '../core/run/held-out-figures.js'
import { readRunConfig } from '../node/runs/run-directory.js'
import { keepHeldOutFigures } from '../node/runs/threshold.js'
import { warn } from './fail.js'

/** What was set, for `--json` and for people. */
export interface SetThreshold {
  /** Null where there are no images to set it on. */
  readonly figures: Omit<HeldOutFigures, 'prompts' | 'scores'> | null
  readonly line: string
}

/**
 * Sets threshold and temperature of a finished run on held-out images and keeps them in it. Where there are none, the
 * run keeps nothing, and the line says so.
 *
 * @param evaluate measures images, passing over those that cannot be read
 */
export async function setThreshold(
  out: string,
  { run, dataset }: { run: Run; dataset: Dataset },
  evaluate: (images: readonly Datum[]) => Promise<Evaluation>,
): Promise<SetThreshold> {
  const config = await readRunConfig(out)
  const none = (why: string): SetThreshold => ({
    figures: null,
    line: `no threshold for "none of these": ${why}`,
  })
  // Whoever goes on says that the run is gone.
  if (!config) return none('the run was removed')
  const { part, images } = await heldOutImages(dataset, config.settings)
  if (images.length === 0) return none('there is no val part, and every training image was a shot')
  const evaluation = await evaluate(images).catch((error) => {
    // Images beside the training must not stop what has been trained.
    if (error instanceof UserError) return error
    throw error
  })
  if (evaluation instanceof UserError) return none(evaluation.message)
  for (const message of evaluation.skipped) warn(`left out: ${message}`)
  const all = await heldOutFigures(run, evaluation, part)
  await keepHeldOutFigures(out, all)
  const { scores: _, ...figures } = all
  const { calibrationError: error, temperature, threshold } = figures
  const count = counted(figures.images, 'held-out image')
  return {
    figures,
    line: `threshold ${threshold.toFixed(6)} accepts ${100 * ACCEPT} % of ${count}; temperature ${temperature.toFixed(2)}, ECE ${error.before.toFixed(1)} to ${error.after.toFixed(1)} %`,
  }
}
