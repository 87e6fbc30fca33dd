import * as z from 'zod'
import type { ClipConfig } from './clip/config.js'
import { clipPixels, isClipPixels, type PixelForm } from './image/preprocess.js'
import { type Activation, activations, type Model } from './model.js'

/** A model as runs and units name it, with what its weights do not tell. */
export interface ModelReference {
  readonly name: string
  /** SHA-256 of the weights, hexadecimal. */
  readonly sha256: string
  /** Where it was stated rather than read or guessed. */
  readonly activation?: Activation | undefined
  /** How it wants its images, where that is not the form of OpenAI's models. */
  readonly pixels?: PixelForm | undefined
}

const rgb = z.tuple([z.number(), z.number(), z.number()]).readonly()

/** A {@link PixelForm} in a file. */
export const pixelFormSchema = z.strictObject({
  mean: rgb,
  std: rgb,
  resize: z.enum(['shortest', 'squash']),
  interpolation: z.enum(['bicubic', 'bilinear']),
}) satisfies z.ZodType<PixelForm>

/** A {@link ModelReference} in a file. */
export const modelReferenceSchema = z.strictObject({
  name: z.string(),
  sha256: z.string(),
  activation: z.enum(activations).optional(),
  pixels: pixelFormSchema.optional(),
}) satisfies z.ZodType<ModelReference>

/** How a run names its model. */
export async function referenceTo(model: Model): Promise<ModelReference> {
  const { name, activation, clip } = model
  const { pixels } = clip.config
  return {
    name,
    sha256: await model.hash(),
    ...(activation ? { activation } : {}),
    ...(pixels ? { pixels } : {}),
  }
}

/** What a caller may state of a model, in place of what its files say. */
export interface StatedByCaller {
  /** The activation, in place of what a configuration file says or the names of the tensors suggest. */
  readonly activation?: Activation | undefined
  /** How it takes images, in place of what a configuration file says. */
  readonly pixels?: PixelForm | undefined
}

/** What to state so that a model becomes the one of a reference again; one without a form of images has CLIP's. */
export function optionsOf({ activation, pixels }: ModelReference): StatedByCaller {
  return { activation, pixels: pixels ?? clipPixels }
}

/** A configuration with what the caller states in place of its own. */
export function configured(
  { pixels: own, ...config }: ClipConfig,
  { activation, pixels = own }: StatedByCaller,
): ClipConfig {
  return {
    ...config,
    ...(activation ? { activation: activation === 'quick-gelu' ? 'quick' : 'exact' } : {}),
    ...(pixels && !isClipPixels(pixels) ? { pixels } : {}),
  }
}

/**
 * A warning that nothing says which activation a model has: nearly equal names are used for both, and the wrong one
 * gives worse figures and no error.
 */
export function guessedActivation({ activation }: ClipConfig, source: string): string {
  const [taken, other] = activation === 'quick' ? activations : [activations[1], activations[0]]
  return `${source}: no configuration says which activation the model has; ${taken} is a guess, it may be ${other}`
}
