import type { RandomStream } from '../random.js'
import type { Preprocessing } from './preprocess.js'
import { type Box, type RgbImage, resize } from './resize.js'
import { roundHalfToEven } from './rounding.js'

/** Least share of an image's area in a training crop. */
const LEAST_AREA = 0.08
const ratios = [3 / 4, 4 / 3] as const
const attempts = 10

/**
 * The training transform: random resized crop (Szegedy et al. 2015, section 6, as torchvision does it), then a
 * horizontal flip half of the time. It is the same for every model up to size and interpolation: a crop is resized to a
 * square in any case, so how a model wants whole images made square does not come in.
 *
 * @param preprocessing side of the result in pixels, and interpolation
 * @param rng draws the crop first, then the flip
 * @param leastArea least share of the image's area in the crop; default: 8 %
 * @returns size x size x 3 bytes
 */
export function trainTransform(
  image: RgbImage,
  preprocessing: Pick<Preprocessing, 'size' | 'interpolation'>,
  rng: RandomStream,
  leastArea?: number,
): Uint8Array {
  const box = randomCrop(image.width, image.height, rng, leastArea)
  return cropResizeFlip(image, box, preprocessing, rng.uniform() < 0.5)
}

/** Cuts out `box`, resizes it to a square and mirrors it left to right when asked. */
export function cropResizeFlip(
  image: RgbImage,
  box: Box,
  { size, interpolation }: Pick<Preprocessing, 'size' | 'interpolation'>,
  flip: boolean,
): Uint8Array {
  const { data } = resize(image, size, size, { interpolation, crop: box })
  if (flip) mirror(data, size)
  return data
}

/**
 * A crop of `leastArea` to all of the area with a ratio of width to height of 3/4 to 4/3 (uniform in its logarithm), anywhere.
 * When ten draws do not fit into the image: the largest central crop whose ratio is in that range.
 */
export function randomCrop(width: number, height: number, rng: RandomStream, leastArea = LEAST_AREA): Box {
  const between = (low: number, high: number): number => low + (high - low) * rng.uniform()
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = width * height * between(leastArea, 1)
    const ratio = Math.exp(between(Math.log(ratios[0]), Math.log(ratios[1])))
    const w = roundHalfToEven(Math.sqrt(area * ratio))
    const h = roundHalfToEven(Math.sqrt(area / ratio))
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const top = rng.integer(height - h + 1)
      const left = rng.integer(width - w + 1)
      return { left, top, width: w, height: h }
    }
  }
  return centralCrop(width, height)
}

function centralCrop(width: number, height: number): Box {
  const [narrowest, widest] = ratios
  const ratio = width / height
  const w = ratio > widest ? roundHalfToEven(height * widest) : width
  const h = ratio < narrowest ? roundHalfToEven(width / narrowest) : height
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h }
}

function mirror(pixels: Uint8Array, size: number): void {
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size >> 1; x++) {
      const left = (y * size + x) * 3
      const right = (y * size + size - 1 - x) * 3
      for (let channel = 0; channel < 3; channel++) {
        const held = pixels[left + channel] as number
        pixels[left + channel] = pixels[right + channel] as number
        pixels[right + channel] = held
      }
    }
  }
}
