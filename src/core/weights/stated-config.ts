import * as z from 'zod'
import type { ClipConfig } from '../clip/config.js'
import { towerTraits } from '../clip/towers/architectures.js'
import type { PixelForm } from '../image/preprocess.js'
import { familyOfSetting, otherFamily } from './families.js'

/** What a configuration file beside the weights states; sizes are checked against the tensors, the rest is taken. */
export interface StatedConfig {
  /** Name of the file, for messages. */
  readonly source: string
  readonly activation?: 'quick' | 'exact'
  readonly visionHeads?: number
  readonly textHeads?: number
  /** How the model wants its images. */
  readonly pixels?: PixelForm
  /** The title of the architecture of its image tower, where it is named. */
  readonly tower?: string
  /** Sizes by the name of their key in the file. */
  readonly sizes: readonly StatedSize[]
}

/** A size as a file states it, and how the model has it. */
export interface StatedSize {
  readonly key: string
  readonly value: number
  readonly actual: (config: ClipConfig) => number | undefined
}

/** A {@link StatedSize} whose value a file may leave out. */
export type SizeRow = readonly [key: string, value: number | undefined, actual: StatedSize['actual']]

/** The sizes that are stated. */
export function statedSizes(rows: readonly SizeRow[]): StatedSize[] {
  return rows.flatMap(([key, value, actual]) => (value === undefined ? [] : [{ key, value, actual }]))
}

/** A size that the image tower has under this key of open_clip's, if it has one. */
export const visionSize =
  (key: string): StatedSize['actual'] =>
  ({ vision }) =>
    towerTraits(vision).sizes[key]

/** A count of anything. */
export const count = z.int().positive()
/** A count that may be left out. */
export const optionalCount = count.optional()

/** An option of no effect at these values, and refused at others. */
export const only = <const T extends boolean | string | number | null>(...values: readonly [T, ...T[]]) =>
  z.literal(values).nullish()

const channel = z.number().min(-10).max(10)

/** A value for each channel, or one for all. */
export const rgb = z.union([
  z.tuple([channel, channel, channel]),
  channel.transform((value): [number, number, number] => [value, value, value]),
])

/** A deviation for each channel, or one for all. */
export const positiveRgb = rgb.refine(
  (values) => values.every((value) => value > 0),
  'expected positive values',
)

/**
 * A configuration in the form that a schema gives it.
 *
 * @param path names the file in messages
 * @throws WeightsError that names the key, its value and, where these tell it, the kind of model
 */
export function parseConfig<T>(path: string, json: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(json, { reportInput: true })
  if (result.success) return result.data
  const [issue] = result.error.issues
  const key = issue?.path.length ? issue.path.join('.') : 'the file'
  const value = JSON.stringify(issue?.input)?.slice(0, 100)
  const family = familyOfSetting(key, issue?.input)
  throw otherFamily(`${path}: ${key} is ${value}: ${family ? `this is ${family}` : issue?.message}`)
}
