import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { ConfigError, UserError } from '../../core/errors.js'
import type { Run } from '../../core/evaluate/create-classifier.js'
import type { Evaluation } from '../../core/evaluate/evaluate.js'
import type { HeldOutImages } from '../../core/evaluate/held-out-images.js'
import { expectedCalibrationError } from '../../core/evaluate/metrics.js'
import {
  acceptanceThreshold,
  conceptScores,
  conceptTemperature,
  type Rejection,
  thresholdFor,
} from '../../core/evaluate/none-of-these.js'
import { fitTemperature, scaledLogits } from '../../core/evaluate/temperature.js'
import { sha256 } from '../cache/cache-key.js'
import { writeFileAtomic } from '../files/atomic.js'
import { readRegularText } from '../files/regular-file.js'
import { promptsPath } from '../run.js'
import { runFiles } from './run-files.js'

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

/** Keeps figures in a finished run, replacing those that were there. */
export async function keepHeldOutFigures(
  path: string,
  figures: Omit<HeldOutFigures, 'prompts'>,
): Promise<void> {
  const prompts = await promptsHash(path)
  await writeFileAtomic(join(path, runFiles.noneOfThese), `${JSON.stringify({ prompts, ...figures })}\n`)
}

/**
 * What a run keeps of its held-out images; undefined where it keeps nothing, or figures of other prompts.
 *
 * @param path run directory, or its prompts file
 * @throws UserError when the file is damaged
 */
export async function readHeldOutFigures(path: string): Promise<HeldOutFigures | undefined> {
  const file = join(dirname(await promptsPath(path)), runFiles.noneOfThese)
  const damaged = (cause: unknown, what: string) =>
    new UserError(`${file} ${what}`, {
      cause,
      hint: 'Set it anew by `promptsrc train --resume --out RUN`, or remove it.',
    })
  const text = await readRegularText(file).catch((cause) => {
    if (cause.code === 'ENOENT') return undefined
    throw damaged(cause, `cannot be read: ${cause.code}`)
  })
  if (text === undefined) return undefined
  let found: HeldOutFigures
  try {
    found = schema.parse(JSON.parse(text))
  } catch (cause) {
    throw damaged(cause, 'is damaged')
  }
  return found.prompts === (await promptsHash(path)) ? found : undefined
}

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
 * @param kept see {@link readHeldOutFigures}
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

const promptsHash = async (path: string): Promise<string> => sha256(await readFile(await promptsPath(path)))
