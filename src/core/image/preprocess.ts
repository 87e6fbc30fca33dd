import type { RgbImage } from './image.js'
import { resizeBicubic } from './resize.js'
import { roundHalfToEven } from './rounding.js'

/** Mean of each channel over CLIP's training images, red, green, blue, in units of 255. */
export const clipMean = [0.48145466, 0.4578275, 0.40821073] as const
/** Standard deviation likewise. */
export const clipStd = [0.26862954, 0.26130258, 0.27577711] as const

/** To be raised whenever {@link testTransform} or decoding gives other pixels: caches go by it. */
export const PREPROCESSING_VERSION = 1

/**
 * CLIP's test transform up to the pixels: the short side is resized to `resolution` (bicubic, the long side
 * truncated to whole pixels), then the centre is cut out, its offset rounded half to even.
 *
 * @returns resolution x resolution x 3 bytes
 */
export function testTransform(image: RgbImage, resolution: number): Uint8Array {
  const short = Math.min(image.width, image.height)
  const width = Math.trunc((resolution * image.width) / short)
  const height = Math.trunc((resolution * image.height) / short)
  const left = roundHalfToEven((width - resolution) / 2)
  const top = roundHalfToEven((height - resolution) / 2)
  // Each output pixel depends on its own taps alone, so only those of the cut-out are computed.
  return resizeBicubic(image, width, height, {
    window: { left, top, width: resolution, height: resolution },
  }).data
}

const levels = clipMean.map((mean, channel) =>
  Float32Array.from({ length: 256 }, (_, value) => {
    const centred = Math.fround(Math.fround(value / 255) - Math.fround(mean))
    return centred / Math.fround(clipStd[channel] as number)
  }),
)

/**
 * Pixels to the image tower's input: divided by 255, less the mean, divided by the standard deviation, each step
 * rounded to float32 as the reference does it.
 *
 * @param pixels size x size x 3 bytes
 * @param out where to write 3 x size x size values from `offset`; a new array when left out
 * @returns `out`
 */
export function normalize(
  pixels: Uint8Array,
  size: number,
  out: Float32Array = new Float32Array(3 * size * size),
  offset = 0,
): Float32Array {
  const count = size * size
  for (let channel = 0; channel < 3; channel++) {
    const level = levels[channel] as Float32Array
    const start = offset + channel * count
    for (let i = 0; i < count; i++) out[start + i] = level[pixels[i * 3 + channel] as number] as number
  }
  return out
}
