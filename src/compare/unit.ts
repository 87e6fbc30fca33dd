import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../errors.js'
import { writeFileAtomic } from '../files/atomic.js'

const SPEC = 'unit.json'
const RESULT = 'result.json'

const specSchema = z.strictObject({
  format: z.literal(1),
  /** Row of the comparison that it belongs to. */
  label: z.string(),
  /** A method that trains prompts, or a baseline. */
  method: z.string(),
  model: z.strictObject({ name: z.string(), sha256: z.string() }),
  data: z.strictObject({ path: z.string(), classNames: z.string().optional(), fingerprint: z.string() }),
  skipBadImages: z.boolean(),
  /** Training settings with every default filled in; of a baseline seed and shots, null where they change nothing. */
  settings: z
    .record(z.string(), z.unknown())
    .and(z.object({ seed: z.int().nullable(), shots: z.int().nullable() })),
})

/**
 * One cell of an experiment: one method with one seed, trained on the base classes of one data set and measured on base
 * and on novel classes. It lives in a folder of its own and can be done by any process that sees this folder.
 */
export type UnitSpec = z.infer<typeof specSchema>

const percent = z.number().min(0).max(100)

/** Figures of one evaluation as a unit keeps them. */
export const evaluationSchema = z.object({
  metrics: z.object({
    count: z.int(),
    accuracy: percent,
    macroF1: percent,
    perClassAccuracy: z.array(percent.nullable()),
    meanPerClassAccuracy: percent,
    confusion: z.array(z.array(z.int())),
    expectedCalibrationError: percent,
  }),
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

const resultSchema = z.object({
  identity: z.string(),
  /** Accuracy in percent among the base classes, and among the novel ones where the method knows them. */
  accuracies: z.object({ base: percent, novel: percent.optional() }),
  evaluations: z.object({ base: evaluationSchema.optional(), novel: evaluationSchema.optional() }),
  /** Learned values. */
  parameters: z.int(),
  /** Median over the training steps, loading of images included; null where nothing was trained by steps. */
  stepSeconds: z.number().nullable(),
  /** Largest resident memory of a process that trained; of a baseline, of the whole process. */
  peakMemoryMB: z.number(),
})

/** What a finished unit found. */
export type UnitResult = z.infer<typeof resultSchema>

/** See {@link evaluationSchema}. */
export type UnitEvaluation = z.infer<typeof evaluationSchema>

/**
 * What decides a unit's result, as a SHA-256: method, settings, model and images by content. Where they lie, and in
 * which row the unit is shown, does not.
 */
export function identityOf({ format, method, model, data, skipBadImages, settings }: UnitSpec): string {
  const decisive = [format, method, model.sha256, data.fingerprint, skipBadImages, sorted(settings)]
  return createHash('sha256').update(JSON.stringify(decisive)).digest('hex')
}

/** Name of a unit's folder: readable, and another one for whatever would give another result. */
export function unitName(spec: UnitSpec): string {
  const { label, settings } = spec
  const seed = settings.seed === null ? '' : `-seed${settings.seed}`
  return `${label.replaceAll(/[^\w.+-]+/g, '-')}${seed}-${identityOf(spec).slice(0, 8)}`
}

/** Writes a unit's task into its folder. Throws UserError when it cannot be written. */
export async function writeUnit(folder: string, spec: UnitSpec): Promise<void> {
  await writeFileAtomic(join(folder, SPEC), `${JSON.stringify(spec, null, 2)}\n`)
}

/** Reads a unit's task. Throws UserError when there is none or it is damaged. */
export async function readUnit(folder: string): Promise<UnitSpec> {
  const path = join(folder, SPEC)
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) {
    throw new UserError(`${folder} holds no ${SPEC}`, {
      hint: 'Name a folder that `promptsrc compare` made.',
    })
  }
  const parsed = specSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const { path: key, message } = parsed.error.issues[0]!
  throw new UserError(`${path} is damaged: ${key.length > 0 ? `${key.join('.')}: ` : ''}${message}`, {
    hint: 'Remove the folder and call `promptsrc compare` again.',
  })
}

/** Writes the result beside the task. Throws UserError when it cannot be written. */
export async function writeResult(folder: string, result: UnitResult): Promise<void> {
  await writeFileAtomic(join(folder, RESULT), `${JSON.stringify(result)}\n`)
}

/** The result of a unit; undefined where it is not finished, its file damaged, or of another task. */
export async function readResult(folder: string, spec: UnitSpec): Promise<UnitResult | undefined> {
  const text = await readFile(join(folder, RESULT), 'utf8').catch(() => undefined)
  const parsed = resultSchema.safeParse(text === undefined ? undefined : parseJson(text))
  return parsed.success && parsed.data.identity === identityOf(spec) ? parsed.data : undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Objects with their keys in order, so that equal settings give equal text. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
