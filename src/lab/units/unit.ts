import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as z from 'zod'
import type { ClassSelection } from '../../core/data/base-novel.js'
import { modelReferenceSchema } from '../../core/model-reference.js'

/** A data set as any process can open it again: the arguments of `openDataset`, and what was found there. */
const dataSchema = z.strictObject({
  /** As readers know it. */
  name: z.string(),
  /** A folder, a list of images, the name of a drawn set, or that of a published one. */
  path: z.string(),
  /** Folder of the published sets. */
  root: z.string().optional(),
  /** File with class names, where there is one. */
  classNames: z.string().optional(),
  /** Absent where the EXIF orientation of photos is ignored, as units of version 0.1.0 did. */
  exif: z.literal('apply').optional(),
  /** File of sentences about the classes, where these are learned from; absent where drawn sets bring their own. */
  texts: z.strictObject({ path: z.string(), sha256: z.string() }).optional(),
  fingerprint: z.string(),
})

/** See {@link dataSchema}. */
export type UnitData = z.infer<typeof dataSchema>

const measureSchema = z.strictObject({
  /** Unique in its unit. It becomes part of a file's name in the unit's folder, and must not lead out of it. */
  name: z.string().regex(/^[^/\\\0]+$/),
  data: dataSchema,
  classes: z.enum(['all', 'base', 'novel'] satisfies ClassSelection[]),
})

/** One list of test images on which a unit is measured. */
export type Measure = z.infer<typeof measureSchema>

/** See {@link UnitSpec}. */
export const specSchema = z.strictObject({
  format: z.literal(2),
  /** Row of the table that it belongs to. */
  label: z.string(),
  /** Of the benchmark that it belongs to, where it does. */
  protocol: z.string().optional(),
  /** A method that trains prompts, or a baseline. */
  method: z.string(),
  model: modelReferenceSchema,
  /** What is learned from. */
  data: dataSchema,
  skipBadImages: z.boolean(),
  /** Training settings with every default filled in; of a baseline seed and shots, null where they change nothing. */
  settings: z
    .record(z.string(), z.unknown())
    .and(z.object({ seed: z.int().nullable(), shots: z.int().nullable() })),
  /** The unit whose prompts are measured: its folder, relative to this one's. Absent where this unit learns by itself. */
  trained: z.strictObject({ folder: z.string(), identity: z.string() }).optional(),
  /** None where this unit only trains. */
  measures: z.array(measureSchema),
})

/**
 * One piece of an experiment: one method with one seed, trained on one data set, or measured, or both. It lives in a
 * folder of its own and can be done by any process that sees this folder.
 */
export type UnitSpec = z.infer<typeof specSchema>

/**
 * What decides a unit's result, as a SHA-256: method, settings, model and images by content. Where they lie, and in
 * which row the unit is shown, does not.
 */
export function identityOf(spec: UnitSpec): string {
  const { format, method, model, data, skipBadImages, settings, trained, measures } = spec
  const decisive = [
    format,
    method,
    model.sha256,
    data.fingerprint,
    skipBadImages,
    sorted(settings),
    trained?.identity ?? null,
    // A data set's name chooses its zero-shot template.
    measures.map(({ name, data, classes }) => [name, data.name, data.fingerprint, classes]),
    // What else a model was told or says; most have neither.
    ...(data.exif || measures.some((measure) => measure.data.exif)
      ? [['exif', data.exif ?? null, measures.map((measure) => measure.data.exif ?? null)]]
      : []),
    ...(data.texts ? [['texts', data.texts.sha256]] : []),
    ...(model.frames ? [['frames', model.frames]] : []),
    ...(model.activation || model.pixels ? [[model.activation ?? null, model.pixels ?? null]] : []),
  ]
  return createHash('sha256').update(JSON.stringify(decisive)).digest('hex')
}

/** Name of a unit's folder: readable, and another one for whatever would give another result. */
export function unitName(spec: UnitSpec): string {
  const { label, settings } = spec
  const seed = settings.seed === null ? '' : `-seed${settings.seed}`
  return `${label.replaceAll(/[^\w.+-]+/g, '-')}${seed}-${identityOf(spec).slice(0, 8)}`
}

/** Folder of the unit whose prompts a unit in `folder` measures; undefined where it learns by itself. */
export const trainedFolder = (folder: string, { trained }: UnitSpec): string | undefined =>
  trained && join(folder, trained.folder)

/** Objects with their keys in order, so that equal settings give equal text. */
function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
