import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { UserError } from '../../core/errors.js'
import { writeError, writeFileAtomic } from '../../node/files/atomic.js'
import { readRegularText } from '../../node/files/regular-file.js'
import { identityOf, specSchema, type UnitSpec } from './unit.js'

/** Names of what lies in a unit's folder beside the run it trains (node/runs/run-files). */
export const unitFiles = {
  /** What is to be done. Its presence makes a folder a unit. */
  task: 'unit.json',
  result: 'result.json',
  /** Why the last try failed. */
  failure: 'failure.json',
  /** Peak memory so far, for processes that continue the training. */
  usage: 'usage.json',
  lock: 'unit.lock',
} as const

/** Name of the file in which a measure's predictions are kept while it is taken. */
export const journalName = (measure: string): string => `${measure}.partial.jsonl`

const percent = z.number().min(0).max(100)

/** Figures of one evaluation as a unit keeps them. */
export const evaluationSchema = z.object({
  metrics: z.object({
    count: z.int(),
    accuracy: percent,
    macroF1: percent,
    perClassAccuracy: z.array(percent.nullable()),
    meanPerClassAccuracy: percent,
    /** Empty where there are too many classes to keep it. */
    confusion: z.array(z.array(z.int())),
    expectedCalibrationError: percent,
  }),
  /** Where base and novel classes were classified together: accuracy on the images of each. */
  halves: z.object({ base: percent, novel: percent }).optional(),
  calibration: z.array(z.object({ count: z.int(), confidence: z.number(), accuracy: z.number() })),
  /** Evenly spaced test images by their place among the tested ones, with the likeliest classes. */
  samples: z.array(
    z.object({
      index: z.int(),
      truth: z.string(),
      classes: z.array(z.object({ className: z.string(), probability: z.number() })),
    }),
  ),
  /** Messages of images left out. */
  skipped: z.array(z.string()),
})

/** See {@link evaluationSchema}. */
export type UnitEvaluation = z.infer<typeof evaluationSchema>

const resultSchema = z.object({
  identity: z.string(),
  /** By the measure's name; those that a method cannot make, as of classes it does not know, are left out. */
  measures: z.record(z.string(), evaluationSchema),
  /** Learned values. */
  parameters: z.int(),
  /** Median over the training steps, loading of images included; null where nothing was trained by steps. */
  stepSeconds: z.number().nullable(),
  /** Largest resident memory of a process that worked on this unit; of one that trained, while it did. */
  peakMemoryMB: z.number(),
})

/** What a finished unit found. */
export type UnitResult = z.infer<typeof resultSchema>

const failureSchema = z.object({ message: z.string(), hint: z.string().optional() })

/** Why a unit could not be done, and what to do. */
export type UnitFailure = z.infer<typeof failureSchema>

/** A failure in a line, for whoever looks at several: "ivlp, seed 1: the disk is full (Free some space.)". */
export const failureLine = (name: string, { message, hint }: UnitFailure): string =>
  `${name}: ${message}${hint ? ` (${hint})` : ''}`

/** Writes a unit's task into its folder. Throws UserError when it cannot be written. */
export async function writeUnit(folder: string, spec: UnitSpec): Promise<void> {
  await writeFileAtomic(join(folder, unitFiles.task), `${JSON.stringify(spec, null, 2)}\n`)
}

/** Reads a unit's task. Throws UserError when there is none or it is damaged. */
export async function readUnit(folder: string): Promise<UnitSpec> {
  const path = join(folder, unitFiles.task)
  const text = await textOf(path)
  if (text === undefined) {
    throw new UserError(`${folder} holds no ${unitFiles.task}`, {
      hint: 'Name a folder that `promptsrc compare` or `promptsrc bench` made.',
    })
  }
  const parsed = specSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const { path: key, message } = parsed.error.issues[0]!
  throw new UserError(`${path} is damaged: ${key.length > 0 ? `${key.join('.')}: ` : ''}${message}`, {
    hint: 'Remove the folder and give the command again that made it.',
  })
}

/** Writes the result beside the task. Throws UserError when it cannot be written. */
export async function writeResult(folder: string, result: UnitResult): Promise<void> {
  await writeFileAtomic(join(folder, unitFiles.result), `${JSON.stringify(result)}\n`)
  await clearFailure(folder)
}

/** The result of a unit; undefined where it is not finished, its file damaged, or of another task. */
export async function readResult(folder: string, spec: UnitSpec): Promise<UnitResult | undefined> {
  const parsed = resultSchema.safeParse(parseJson(await textOf(join(folder, unitFiles.result))))
  return parsed.success && parsed.data.identity === identityOf(spec) ? parsed.data : undefined
}

/** Keeps why a unit failed beside its task, for whoever started it from another process or machine. */
export async function writeFailure(folder: string, failure: UnitFailure): Promise<void> {
  await writeFileAtomic(join(folder, unitFiles.failure), `${JSON.stringify(failure, null, 2)}\n`)
}

/** Why the last try failed; undefined where it did not, or where it was ended from outside. */
export async function readFailure(folder: string): Promise<UnitFailure | undefined> {
  const parsed = failureSchema.safeParse(parseJson(await textOf(join(folder, unitFiles.failure))))
  return parsed.success ? parsed.data : undefined
}

/** Forgets an earlier failure. Throws UserError when it cannot be removed. */
export async function clearFailure(folder: string): Promise<void> {
  const path = join(folder, unitFiles.failure)
  await rm(path, { force: true }).catch((cause) => {
    throw writeError(path, cause)
  })
}

const textOf = (path: string): Promise<string | undefined> => readRegularText(path).catch(() => undefined)

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
