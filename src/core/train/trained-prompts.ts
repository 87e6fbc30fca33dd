import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { WeightsError } from '../errors.js'
import { fitsShape, shapeOf } from '../methods/parameter-shape.js'
import { configure, type MethodChoice, methodNamed } from '../methods/registry.js'
import { activations } from '../model.js'
import { type ModelReference, pixelFormSchema } from '../model-reference.js'
import { encodeSafetensors, type SafetensorsFile } from '../weights/safetensors.js'

/** Learned prompts with what is needed to use them again. CLIP itself is named, not copied. */
export interface TrainedPrompts extends MethodChoice {
  /** Learned values by name. */
  readonly parameters: ReadonlyMap<string, Float32Array>
  readonly model: ModelReference
  /** 1-based, of imported prompts whose checkpoint says; a run that was trained here has it in its configuration. */
  readonly epoch?: number | undefined
}

/** Prompts as read from a file. */
export interface LoadedPrompts extends TrainedPrompts {
  readonly shapes: ReadonlyMap<string, readonly number[]>
}

const FORMAT = 'promptsrc-prompts-1'

const json = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue('not JSON')
    return z.NEVER
  }
})

const metadataSchema = z.object({
  format: z.literal(FORMAT),
  method: z.string(),
  methodOptions: json.pipe(z.record(z.string(), z.unknown())),
  classNames: json.pipe(z.array(z.string()).min(1)),
  model: z.string(),
  modelSha256: z.string(),
  modelActivation: z.enum(activations).optional(),
  modelPixels: json.pipe(pixelFormSchema).optional(),
  modelFrames: json.pipe(z.int().min(1)).optional(),
  epoch: json.pipe(z.int().min(0)).optional(),
})

/** Learned prompts as a safetensors file. Tensor names and layouts are the reference's. */
export function encodePrompts(prompts: TrainedPrompts, clip: Clip): Uint8Array {
  const { method, methodOptions, parameters, classNames, model, epoch } = prompts
  const tensors = new Map(
    configure(prompts, clip).parameters.map((spec) => {
      const data = parameters.get(spec.name)!
      return [spec.name, { shape: shapeOf(spec, data.length), data }]
    }),
  )
  return encodeSafetensors(tensors, {
    format: FORMAT,
    method: method.name,
    methodOptions: JSON.stringify(methodOptions),
    classNames: JSON.stringify(classNames),
    model: model.name,
    modelSha256: model.sha256,
    ...(model.activation ? { modelActivation: model.activation } : {}),
    ...(model.pixels ? { modelPixels: JSON.stringify(model.pixels) } : {}),
    ...(model.frames ? { modelFrames: `${model.frames}` } : {}),
    ...(epoch === undefined ? {} : { epoch: String(epoch) }),
  })
}

/**
 * Reads what {@link encodePrompts} wrote.
 *
 * @throws WeightsError when it is damaged or something else
 */
export async function readPrompts(file: SafetensorsFile): Promise<LoadedPrompts> {
  const path = file.source
  const parsed = metadataSchema.safeParse(file.metadata)
  if (!parsed.success) {
    throw new WeightsError(`${path} holds no prompts of this program`, {
      hint: 'Name a run directory made by `promptsrc train`, or its prompts.safetensors.',
    })
  }
  const { method: name, methodOptions, classNames, epoch } = parsed.data
  const method = methodNamed(name)
  const options = method.options.safeParse(methodOptions)
  if (!options.success) throw new WeightsError(`${path} is damaged: options that ${name} does not have`)
  const parameters = new Map<string, Float32Array>()
  const shapes = new Map<string, readonly number[]>()
  for (const [key, entry] of file.entries) {
    parameters.set(key, await entry.read())
    shapes.set(key, entry.shape)
  }
  return {
    method,
    methodOptions: options.data,
    parameters,
    classNames,
    model: referenceOf(parsed.data),
    ...(epoch === undefined ? {} : { epoch }),
    shapes,
  }
}

function referenceOf({
  model,
  modelSha256,
  modelActivation,
  modelPixels,
  modelFrames,
}: z.infer<typeof metadataSchema>): ModelReference {
  return {
    name: model,
    sha256: modelSha256,
    ...(modelActivation ? { activation: modelActivation } : {}),
    ...(modelPixels ? { pixels: modelPixels } : {}),
    ...(modelFrames ? { frames: modelFrames } : {}),
  }
}

/** Throws WeightsError naming the first tensor that the method needs for this model and the file lacks or has otherwise. */
export function checkPrompts(path: string, prompts: LoadedPrompts, clip: Clip): void {
  for (const spec of configure(prompts, clip).parameters) {
    const { name, shape } = spec
    const found = prompts.shapes.get(name)
    if (fitsShape(spec, found)) continue
    throw new WeightsError(
      `${path}: ${name} ${found ? `has shape [${found.join(', ')}]` : 'is missing'}; expected [${shape.join(', ')}]`,
      { hint: 'The file is damaged, or of another version: train again.' },
    )
  }
}
