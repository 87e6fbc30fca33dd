import { type Interpolation, type RgbImage, resize } from './resize.js'
import { roundHalfToEven } from './rounding.js'

/** A value for red, green and blue. */
export type Rgb = readonly [red: number, green: number, blue: number]

/** How a model wants its images, beside their size. */
export interface PixelForm {
  /** Mean of each channel over the model's training images, in units of 255. */
  readonly mean: Rgb
  /** Standard deviation likewise. */
  readonly std: Rgb
  /** `shortest`: the short side is resized and the centre cut out; `squash`: both sides are resized. */
  readonly resize: 'shortest' | 'squash'
  readonly interpolation: Interpolation
}

/** What of a picture, or of a clip, is looked at in testing. */
export interface TestView {
  /** Where in each segment of a clip its frame is taken, 0 to below 1. */
  readonly within: number
  /** Where along the longer side the square is cut out, 0 to 1. */
  readonly along: number
}

/** How images become a model's input. */
export interface Preprocessing extends PixelForm {
  /** Side of the square input, in pixels. */
  readonly size: number
  /** Pictures of one input, one behind the other, of a model that sees clips; absent where an input is one picture. */
  readonly frames?: number | undefined
  /** What is looked at in testing; absent where that is the middle of everything. */
  readonly view?: TestView | undefined
}

/** Values of one input: 3 x size x size for each of its pictures. */
export const inputLength = ({ size, frames = 1 }: Pick<Preprocessing, 'size' | 'frames'>): number =>
  3 * frames * size * size

/** The form of images that OpenAI's CLIP models take, and most others. */
export const clipPixels: PixelForm = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
  resize: 'shortest',
  interpolation: 'bicubic',
}

/** CLIP's own preprocessing for a size. */
export const clipPreprocessing = (size: number): Preprocessing => ({ ...clipPixels, size })

/** Whether images have the form of OpenAI's CLIP. */
export function isClipPixels({ mean, std, resize, interpolation }: PixelForm): boolean {
  return (
    mean.join() === clipPixels.mean.join() &&
    std.join() === clipPixels.std.join() &&
    resize === clipPixels.resize &&
    interpolation === clipPixels.interpolation
  )
}

/** To be raised whenever {@link testTransform} or decoding gives other pixels: caches go by it. */
export const PREPROCESSING_VERSION = 1

/**
 * A model's test transform up to the pixels. `shortest`: the short side is resized to `size` (the long side truncated
 * to whole pixels), then the centre is cut out, or where the view says, its offset rounded half to even. `squash`: both sides
 * become `size`.
 *
 * @returns size x size x 3 bytes
 */
export function testTransform(
  image: RgbImage,
  { size, resize: mode, interpolation, view }: Omit<Preprocessing, 'mean' | 'std'>,
): Uint8Array {
  if (mode === 'squash') return resize(image, size, size, { interpolation }).data
  const short = Math.min(image.width, image.height)
  const width = Math.trunc((size * image.width) / short)
  const height = Math.trunc((size * image.height) / short)
  const along = view?.along ?? 0.5
  // One of the two is nothing.
  const left = roundHalfToEven((width - size) * along)
  const top = roundHalfToEven((height - size) * along)
  // Each output pixel depends on its own taps alone, so only those of the cut-out are computed.
  return resize(image, width, height, { interpolation, window: { left, top, width: size, height: size } })
    .data
}

const tables = new Map<string, readonly Float32Array[]>()

/** What each of the 256 levels becomes, channel by channel. */
function levelsOf({ mean, std }: Pick<PixelForm, 'mean' | 'std'>): readonly Float32Array[] {
  const key = `${mean} ${std}`
  const known = tables.get(key)
  if (known) return known
  const made = mean.map((center, channel) =>
    Float32Array.from({ length: 256 }, (_, value) => {
      const centred = Math.fround(Math.fround(value / 255) - Math.fround(center))
      return centred / Math.fround(std[channel] as number)
    }),
  )
  tables.set(key, made)
  return made
}

/**
 * Pixels to the image tower's input: divided by 255, less the mean, divided by the standard deviation, each step
 * rounded to float32 as the reference does it.
 *
 * @param pixels size x size x 3 bytes, picture by picture where an input has several
 * @param preprocessing the size, and the model's mean and standard deviation
 * @param out where to write the {@link inputLength} values from `offset`; a new array when left out
 * @returns `out`
 */
export function normalize(
  pixels: Uint8Array,
  { size, frames = 1, mean, std }: Pick<Preprocessing, 'size' | 'frames' | 'mean' | 'std'>,
  out: Float32Array = new Float32Array(inputLength({ size, frames })),
  offset = 0,
): Float32Array {
  const count = size * size
  const levels = levelsOf({ mean, std })
  for (let plane = 0; plane < 3 * frames; plane++) {
    const channel = plane % 3
    const level = levels[channel] as Float32Array
    const start = offset + plane * count
    const first = (plane - channel) * count + channel
    for (let i = 0; i < count; i++) out[start + i] = level[pixels[first + i * 3] as number] as number
  }
  return out
}
