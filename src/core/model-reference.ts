import * as z from 'zod'
import type { ClipConfig } from './clip/config.js'
import { ConfigError } from './errors.js'
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
  /** Frames of the clips that it sees; absent where it sees pictures. */
  readonly frames?: number | undefined
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
  frames: z.int().min(1).optional(),
}) satisfies z.ZodType<ModelReference>

/** How a run names its model. */
export async function referenceTo(model: Model): Promise<ModelReference> {
  const { name, activation, clip } = model
  const { pixels, frames } = clip.config
  return {
    name,
    sha256: await model.hash(),
    ...(activation ? { activation } : {}),
    ...(pixels ? { pixels } : {}),
    ...(frames ? { frames } : {}),
  }
}

/** What a caller may state of a model, in place of what its files say. */
export interface StatedByCaller {
  /** The activation, in place of what a configuration file says or the names of the tensors suggest. */
  readonly activation?: Activation | undefined
  /** How it takes images, in place of what a configuration file says. */
  readonly pixels?: PixelForm | undefined
  /** Frames of a clip: the model then sees clips in place of pictures, and averages the features of their frames. */
  readonly frames?: number | undefined
}

/** What to state so that a model becomes the one of a reference again; one without a form of images has CLIP's. */
export function optionsOf({ activation, pixels, frames }: ModelReference): StatedByCaller {
  return { activation, pixels: pixels ?? clipPixels, frames }
}

/** Bounds a slip of the keys, not what anybody trains with. */
const MOST_FRAMES = 1024

/**
 * A configuration with what the caller states in place of its own.
 *
 * @throws ConfigError for a number of frames that is none
 */
export function configured(
  { pixels: own, ...config }: ClipConfig,
  { activation, pixels = own, frames }: StatedByCaller,
): ClipConfig {
  if (frames !== undefined && !(Number.isInteger(frames) && frames >= 1 && frames <= MOST_FRAMES)) {
    throw new ConfigError(`frames: ${frames}; expected a whole number from 1 to ${MOST_FRAMES}`)
  }
  return {
    ...config,
    ...(activation ? { activation: activation === 'quick-gelu' ? 'quick' : 'exact' } : {}),
    ...(pixels && !isClipPixels(pixels) ? { pixels } : {}),
    ...(frames === undefined ? {} : { frames }),
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
