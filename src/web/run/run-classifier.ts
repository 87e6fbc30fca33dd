import { conceptTemperature } from '../../core/evaluate/none-of-these.js'
import { openClassifier } from '../../core/evaluate/open-classifier.js'
import { chosenThreshold, type RejectionChoice } from '../../core/run/held-out-figures.js'
import { type ClassChoice, pictureClassifier, type RunClassifier } from '../picture-classifier.js'
import type { LoadedRun } from './load-run.js'

/** Options of {@link runClassifier}. */
export interface RunClassifierOptions extends RejectionChoice, ClassChoice {
  /** An answer whose likeliest class is ahead of the second by less is uncertain: probabilities, 0 to 1. Default: 0. */
  readonly margin?: number
}

/**
 * A classifier of single pictures by a run, with the answer "none of these" where the run keeps its threshold (or a choice is
 * given), see `keepHeldOut`.
 *
 * @throws ConfigError for an added class that is there already, or a share to accept of a run without held-out images
 */
export async function runClassifier(
  run: LoadedRun,
  { margin = 0, threshold, accept, ...names }: RunClassifierOptions = {},
): Promise<RunClassifier> {
  const { prompts, model, heldOut } = run
  return pictureClassifier(
    {
      open: openClassifier(run),
      classNames: prompts.classNames,
      conceptTemperature: heldOut?.conceptTemperature ?? (await conceptTemperature(model.clip)),
      temperature: heldOut?.temperature,
      margin,
      threshold: (classes) => chosenThreshold(heldOut, classes, { threshold, accept }),
    },
    names,
  )
}
