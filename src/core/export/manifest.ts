import * as z from 'zod'
import { UserError } from '../errors.js'
import type { Run } from '../evaluate/create-classifier.js'
import { modelReferenceSchema, pixelFormSchema } from '../model-reference.js'
import { type ExportFile, type ExportParts, jsonFile } from './exporter.js'

/** The file that makes a folder an export of this program. */
export const MANIFEST = 'promptsrc.json'

const VERSION = 1

const schema = z.object({
  promptsrcExport: z.literal(VERSION),
  format: z.string(),
  method: z.string(),
  model: modelReferenceSchema,
  classes: z.array(z.string()),
  /** How class names become texts, where the export takes any. */
  template: z.string().optional(),
  /** Why the export takes no other classes. */
  closed: z.string().optional(),
  /** How images become its input, where it does not do that itself. */
  preprocessing: z.object({ size: z.int(), ...pixelFormSchema.shape }).optional(),
  /** Models and their bytes. */
  models: z.record(z.string(), z.int()),
  /** All files of the export but this one. */
  files: z.array(z.string()),
})

/** What an export says of itself. */
export type ExportManifest = z.output<typeof schema>

/** The manifest of an export. */
export function manifestFile(
  format: string,
  { prompts }: Run,
  { classNames, models, template, closed, preprocessing }: ExportParts,
  files: readonly ExportFile[],
): ExportFile {
  const manifest: ExportManifest = {
    promptsrcExport: VERSION,
    format,
    method: prompts.method.name,
    model: prompts.model,
    classes: [...classNames],
    ...(template === undefined ? {} : { template }),
    ...(closed === undefined ? {} : { closed }),
    ...(preprocessing ? { preprocessing } : {}),
    models: Object.fromEntries(models.map(({ path, size }) => [path, size])),
    files: files.map(({ path }) => path),
  }
  return jsonFile(MANIFEST, manifest)
}

/**
 * Reads the manifest of an export.
 *
 * @param path names the file in messages
 * @throws UserError where it is damaged, or of a newer version
 */
export function readManifest(path: string, text: string): ExportManifest {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new UserError(`${path} is damaged: no JSON`, { hint: 'Export the run again.', cause })
  }
  const version = z.object({ promptsrcExport: z.number() }).safeParse(json)
  if (version.success && version.data.promptsrcExport > VERSION) {
    throw new UserError(
      `${path} is of a newer version of promptsrc: ${version.data.promptsrcExport}, known are up to ${VERSION}`,
      { hint: 'Update promptsrc, or export the run with this version.' },
    )
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UserError(
    `${path} is no manifest of an export: ${issue!.path.join('.') || 'it'} is not as it is written`,
    { hint: 'Export the run again.' },
  )
}

/**
 * Checks that all models of an export are there.
 *
 * @param sizeOf bytes of a file below the folder; undefined where there is none
 * @throws UserError naming the file that is missing or cut off
 */
export async function checkExport(
  folder: string,
  { models }: ExportManifest,
  sizeOf: (path: string) => Promise<number | undefined>,
): Promise<void> {
  for (const [path, expected] of Object.entries(models)) {
    const found = await sizeOf(path)
    if (found === expected) continue
    throw new UserError(
      `${folder} is an incomplete export: ${path} ${found === undefined ? 'is missing' : `has ${found} bytes`}, expected ${expected}`,
      { hint: 'Export the run again, or copy all of its files.' },
    )
  }
}
