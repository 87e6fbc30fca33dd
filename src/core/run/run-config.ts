import * as z from 'zod'
import { ConfigError, UserError } from '../errors.js'
import { type Exif, exifChoices } from '../image/orientation.js'
import { type ModelReference, modelReferenceSchema } from '../model-reference.js'
import type { Settings } from '../train/settings.js'
import { runFiles } from './run-files.js'

/** The configuration of a run as it is written. */
export interface RunConfig {
  readonly model: ModelReference
  readonly data: {
    readonly name: string
    readonly path?: string
    /** Training images to draw the shots from. */
    readonly images: number
    readonly classNames: readonly string[]
    /** The sentences about the classes that were learned from; absent where images were. */
    readonly descriptions?: { readonly path?: string; readonly count: number; readonly sha256: string }
    /** Whether the EXIF orientation was applied; absent where it was not, as in all runs of version 0.1.0. */
    readonly exif?: Exif
  }
  readonly settings: Settings
}

const schema = z.object({
  model: modelReferenceSchema,
  data: z.object({
    name: z.string(),
    path: z.string().optional(),
    images: z.int(),
    classNames: z.array(z.string()),
    descriptions: z.object({ path: z.string().optional(), count: z.int(), sha256: z.string() }).optional(),
    exif: z.enum(exifChoices).optional(),
  }),
  settings: z.record(z.string(), z.unknown()),
})

/**
 * The configuration that was found in a run. Values of settings are checked where they are used.
 *
 * @param found as the YAML file holds it
 * @param path of the run
 * @throws UserError when it is damaged
 */
export function parseRunConfig(found: unknown, path: string): RunConfig {
  const parsed = schema.safeParse(found)
  if (parsed.success) return parsed.data as unknown as RunConfig
  const key = parsed.error.issues[0]!.path.join('.')
  throw new UserError(
    `${path}/${runFiles.config} is damaged${key ? `: ${key} is not as it was written` : ''}`,
    {
      hint: 'Train into another directory, or replace the run with --overwrite.',
    },
  )
}

/** Where things lay, which is not what they were. */
const MOVABLE = new Set(['data.path', 'data.descriptions.path'])

/** Refuses to continue a run under other settings, another model or other data. Throws ConfigError naming the key. */
export function checkSameRun(out: string, known: RunConfig, config: RunConfig): void {
  const recorded = flat(withExif(known))
  const wanted = flat(withExif(config))
  for (const key of new Set([...wanted.keys(), ...recorded.keys()])) {
    // The data may have moved; its classes and the settings decide which images are drawn.
    if (MOVABLE.has(key) || recorded.get(key) === wanted.get(key)) continue
    throw new ConfigError(
      `${out} was begun with ${key} ${recorded.get(key) ?? 'unset'}, not ${wanted.get(key) ?? 'unset'}`,
      { hint: 'Resume with the options and data of the first call, or train into another directory.' },
    )
  }
}

/** What does not say how photos were turned did not turn them. */
const withExif = (config: RunConfig): RunConfig => ({
  ...config,
  data: { ...config.data, exif: config.data.exif ?? 'ignore' },
})

function flat(value: unknown, prefix = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[prefix, JSON.stringify(value)]])
  const entries = Object.entries(value).flatMap(([key, inner]) => [
    ...flat(inner, prefix ? `${prefix}.${key}` : key),
  ])
  return new Map(entries)
}
