import * as z from 'zod'
import { UserError } from '../errors.js'
import type { Run } from '../evaluate/create-classifier.js'
import type { ByteStream } from '../graph/onnx.js'
import { Sha256 } from '../hash.js'
import { modelReferenceSchema, pixelFormSchema } from '../model-reference.js'
import type { HeldOutFigures } from '../run/held-out-figures.js'
import { type ExportFile, type ExportOptions, type ExportParts, jsonFile } from './exporter.js'

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
  /** How images become pixels; where there is a canvas, the models do that themselves. */
  preprocessing: z.object({ size: z.int(), frames: z.int().optional(), ...pixelFormSchema.shape }).optional(),
  /** Models take pictures whole, in the upper left of a square of so many pixels: levels plus one, else 0. */
  canvas: z.int().optional(),
  /** Most tokens of a text, its first and last included. */
  contextLength: z.int().optional(),
  /** What similarities are multiplied by to become logits. */
  logitScale: z.number().optional(),
  /** Text features are means over a set of prompts, to be multiplied as they are, not normalised. */
  isSet: z.boolean().optional(),
  /** When an image is of none of the classes, and how sure answers are, as set on held-out images. */
  noneOfThese: z
    .object({
      images: z.int(),
      /** Classes that the threshold was set for. */
      classes: z.int(),
      threshold: z.number(),
      conceptTemperature: z.number(),
      temperature: z.number(),
    })
    .optional(),
  /** Models and their bytes. */
  models: z.record(z.string(), z.int()),
  /** All files of the export but this one. */
  files: z.array(z.string()),
  /** Of these files: bytes, and SHA-256 in hexadecimal. Absent where an earlier version wrote it. */
  contents: z.record(z.string(), z.object({ bytes: z.int(), sha256: z.string() })).optional(),
})

/** What an export says of itself. */
export type ExportManifest = z.output<typeof schema>

/**
 * The files of an export with its manifest as the last one. Hashes are taken of what is read of the files, so that each is made
 * once where they are read in their order.
 */
export function withManifest(
  format: string,
  { prompts }: Run,
  parts: ExportParts,
  files: readonly ExportFile[],
  { heldOut, hash = () => new Sha256() }: Pick<ExportOptions, 'heldOut' | 'hash'>,
): ExportFile[] {
  const hashes = new Map<string, string>()
  const read = files.map(
    (file): ExportFile => ({
      ...file,
      async *chunks() {
        const own = hash()
        for await (const chunk of file.chunks()) {
          own.update(chunk)
          yield chunk
        }
        hashes.set(file.path, own.hex())
      },
    }),
  )
  const { classNames, models, template, closed, preprocessing, canvas, contextLength, logitScale, isSet } =
    parts
  const manifest = (hashOf: (path: string) => string): ExportManifest => ({
    promptsrcExport: VERSION,
    format,
    method: prompts.method.name,
    model: prompts.model,
    classes: [...classNames],
    ...(template === undefined ? {} : { template }),
    ...(closed === undefined ? {} : { closed }),
    ...(preprocessing ? { preprocessing } : {}),
    ...(canvas === undefined ? {} : { canvas }),
    ...(contextLength === undefined ? {} : { contextLength }),
    ...(logitScale === undefined ? {} : { logitScale }),
    ...(isSet ? { isSet } : {}),
    ...(heldOut && logitScale !== undefined ? { noneOfThese: figuresOf(heldOut) } : {}),
    models: Object.fromEntries(models.map(({ path, size }) => [path, size])),
    files: files.map(({ path }) => path),
    contents: Object.fromEntries(
      files.map(({ path, size }) => [path, { bytes: size, sha256: hashOf(path) }]),
    ),
  })
  return [
    ...read,
    {
      ...jsonFile(
        MANIFEST,
        manifest(() => '0'.repeat(64)),
      ),
      async *chunks() {
        for (const file of read) {
          if (hashes.has(file.path)) continue
          for await (const _ of file.chunks());
        }
        yield* jsonFile(
          MANIFEST,
          manifest((path) => hashes.get(path)!),
        ).chunks()
      },
    },
  ]
}

/** Those of the figures that tell "none of these". */
const figuresOf = ({ images, classes, threshold, conceptTemperature, temperature }: HeldOutFigures) => ({
  images,
  classes,
  threshold,
  conceptTemperature,
  temperature,
})

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
 * Checks that all models of an export are there, and what they were when it was written.
 *
 * @param find a file below the folder; undefined where there is none
 * @throws UserError naming the file that is missing, cut off or changed
 */
export async function checkExport(
  folder: string,
  manifest: ExportManifest,
  find: (path: string) => Promise<ByteStream | undefined>,
): Promise<void> {
  for (const path of Object.keys(manifest.models)) {
    const file = await find(path)
    checkSize(folder, manifest, path, file?.size)
    const hash = new Sha256()
    for await (const chunk of file!.chunks()) hash.update(chunk)
    checkHash(folder, manifest, path, hash.hex())
  }
}

/**
 * @param size in bytes; undefined where there is no such file
 * @throws UserError where a file of an export is missing or not of the size that the manifest states
 */
export function checkSize(
  folder: string,
  { models, contents }: ExportManifest,
  path: string,
  size: number | undefined,
): void {
  const expected = contents?.[path]?.bytes ?? models[path]
  if (size !== undefined && (expected === undefined || size === expected)) return
  throw new UserError(
    `${folder} is an incomplete export: ${path} ${size === undefined ? 'is missing' : `has ${size} bytes`}${expected === undefined ? '' : `, expected ${expected}`}`,
    { hint: 'Export the run again, or copy all of its files.' },
  )
}

/** @throws UserError where a file of an export has another hash than the manifest states */
export function checkHash(folder: string, { contents }: ExportManifest, path: string, hash: string): void {
  const expected = contents?.[path]?.sha256
  if (expected === undefined || hash === expected) return
  throw new UserError(
    `${folder}: ${path} was changed since it was exported: it has the SHA-256 ${hash}, expected ${expected}`,
    {
      hint: 'Copy it again, all files from the same export, or export the run again.',
    },
  )
}
