import * as z from 'zod'
import { ConfigError, UserError } from '../errors.js'
import type { Run } from '../evaluate/create-classifier.js'
import type { Evaluation } from '../evaluate/evaluate.js'
import type { HeldOutImages } from '../evaluate/held-out-images.js'
import { expectedCalibrationError } from '../evaluate/metrics.js'
import {
  acceptanceThreshold,
  conceptScores,
  conceptTemperature,
  type Rejection,
  thresholdFor,
} from '../evaluate/none-of-these.js'
import { fitTemperature, scaledLogits } from '../evaluate/temperature.js'

/** Share of held-out images that a run's own threshold accepts. */
export const ACCEPT = 0.95

const schema = z.object({
  /** SHA-256 of the prompts that it was set for. */
  prompts: z.string(),
  /** Held-out images, and the part of the data set that they are of. */
  images: z.int().min(1),
  part: z.enum(['val', 'train']),
  classes: z.int().min(1),
  accept: z.number(),
  threshold: z.number(),
  /** Divisor of the logits for the scores, see `conceptTemperature`. */
  conceptTemperature: z.number().positive(),
  /** Divisor of the logits for probabilities, see `fitTemperature`. */
  temperature: z.number().positive(),
  /** Expected calibration error on the held-out images, in percent, without and with the temperature. */
  calibrationError: z.object({ before: z.number(), after: z.number() }),
  /** Of the held-out images, rising: thresholds for other shares are set on them. */
  scores: z.array(z.number()).min(1),
})

/** What was set on a run's held-out images: {@link Rejection} and temperature, with what they are of. */
export type HeldOutFigures = z.output<typeof schema>

/** Threshold and temperature from the logits of held-out images. */
export async function heldOutFigures(
  { model, prompts }: Run,
  { logits, labels }: Pick<Evaluation, 'logits' | 'labels'>,
  part: HeldOutImages['part'],
): Promise<Omit<HeldOutFigures, 'prompts'>> {
  const classes = prompts.classNames.length
  const divisor = await conceptTemperature(model.clip)
  const scores = conceptScores(logits, classes, divisor).sort()
  const temperature = fitTemperature(logits, labels, classes)
  const error = (values: Float32Array) => expectedCalibrationError(values, labels, classes)
  return {
    images: labels.length,
    part,
    classes,
    accept: ACCEPT,
    threshold: acceptanceThreshold(scores, ACCEPT),
    conceptTemperature: divisor,
    temperature,
    calibrationError: { before: error(logits), after: error(scaledLogits(logits, temperature)) },
    scores: [...scores],
  }
}

/** The text of the file that keeps figures in a run, with the SHA-256 of the prompts that they were set for. */
export const heldOutFiguresText = (prompts: string, figures: Omit<HeldOutFigures, 'prompts'>): string =>
  `${JSON.stringify({ prompts, ...figures })}\n`

/**
 * What {@link heldOutFiguresText} gave. Figures of other prompts than a run's are not that run's.
 *
 * @param file what messages call it
 * @throws UserError when it is damaged
 */
export function parseHeldOutFigures(text: string, file: string): HeldOutFigures {
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw damagedFigures(file, cause, 'is damaged')
  }
}

/** The error of a file of figures that cannot be had. */
export const damagedFigures = (file: string, cause: unknown, what: string): UserError =>
  new UserError(`${file} ${what}`, {
    cause,
    hint: 'Set it anew by `promptsrc train --resume --out RUN`, or remove it.',
  })

/** How to tell "none of these" apart; by default as the run keeps it. */
export interface RejectionChoice {
  readonly threshold?: number | undefined
  /** Share of the held-out images to accept. */
  readonly accept?: number | undefined
}

/**
 * The rejection of a run by {@link chosenThreshold}; undefined where there is no threshold.
 *
 * @throws ConfigError where a share is wanted of a run without held-out images
 */
export async function rejectionOf(
  { model }: Pick<Run, 'model'>,
  kept: HeldOutFigures | undefined,
  classes: number,
  choice: RejectionChoice = {},
): Promise<Rejection | undefined> {
  const threshold = chosenThreshold(kept, classes, choice)
  if (threshold === undefined) return undefined
  return { temperature: kept?.conceptTemperature ?? (await conceptTemperature(model.clip)), threshold }
}

/**
 * The threshold of scores for a number of classes, which may be others than were trained; undefined where neither the
 * run nor the caller has one.
 *
 * @param kept what the run keeps, where it keeps something
 * @throws ConfigError where a share is wanted of a run without held-out images
 */
export function chosenThreshold(
  kept: HeldOutFigures | undefined,
  classes: number,
  { threshold, accept }: RejectionChoice = {},
): number | undefined {
  if (threshold !== undefined) return threshold
  if (!kept) {
    if (accept === undefined) return undefined
    throw new ConfigError(
      `accept ${accept}: the run keeps no scores of held-out images to set a threshold on`,
      {
        hint: 'Set them by `promptsrc train --resume --out RUN`, with a val part or more training images than shots; or give --threshold.',
      },
    )
  }
  const own = accept === undefined ? kept.threshold : acceptanceThreshold(kept.scores, accept)
  return thresholdFor(own, kept.classes, classes)
}
