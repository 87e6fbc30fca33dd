import type { RgbImage } from '../image/resize.js'

/** Side of a thumbnail, in pixels. */
export const THUMBNAIL = 32
/** Longest side at which sharpness and brightness are measured: about what CLIP sees. */
const LOOKED_AT = 256

/** What is said of a picture without knowing others. */
export interface PictureFacts {
  readonly width: number
  readonly height: number
  /** The whole picture squeezed into [{@link THUMBNAIL}, {@link THUMBNAIL}, 3], by the mean of each area. */
  readonly thumbnail: Uint8Array
  /** Variance of the Laplacian of brightness (0 to 255): small where nothing has an edge (Pech-Pacheco et al. 2000). */
  readonly sharpness: number
  /** Brightness (0 to 255) below which so many percent of the pixels are. */
  readonly brightness: { readonly 5: number; readonly 50: number; readonly 95: number }
}

/** Facts of a picture of any size, measured on one of at most 256 pixels that is made of means of whole pixels. */
export function pictureFacts(image: RgbImage): PictureFacts {
  const { width, height } = image
  const small = reduced(image, Math.max(1, Math.ceil(Math.max(width, height) / LOOKED_AT)))
  const grey = greyOf(small)
  const sorted = grey.slice().sort()
  const below = (percent: number) => sorted[Math.round((percent / 100) * (sorted.length - 1))]!
  return {
    width,
    height,
    thumbnail: squeezed(small, THUMBNAIL, THUMBNAIL),
    sharpness: laplacianVariance(grey, small.width, small.height),
    brightness: { 5: below(5), 50: below(50), 95: below(95) },
  }
}

/** Means of squares of `factor` pixels; what is left over at the right and below is left out. */
function reduced(image: RgbImage, factor: number): RgbImage {
  if (factor === 1) return image
  const width = Math.max(1, Math.floor(image.width / factor))
  const height = Math.max(1, Math.floor(image.height / factor))
  return { width, height, data: squeezed(image, width, height) }
}

/** Area means of a picture at another, usually smaller, size: [height, width, 3]. */
function squeezed(image: RgbImage, width: number, height: number): Uint8Array {
  const out = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    const [top, bottom] = span(y, height, image.height)
    for (let x = 0; x < width; x++) {
      const [left, right] = span(x, width, image.width)
      let [red, green, blue] = [0, 0, 0]
      for (let row = top; row < bottom; row++) {
        for (let at = (row * image.width + left) * 3; at < (row * image.width + right) * 3; at += 3) {
          red += image.data[at]!
          green += image.data[at + 1]!
          blue += image.data[at + 2]!
        }
      }
      const count = (bottom - top) * (right - left)
      const at = (y * width + x) * 3
      out[at] = Math.round(red / count)
      out[at + 1] = Math.round(green / count)
      out[at + 2] = Math.round(blue / count)
    }
  }
  return out
}

/** Pixels of a side that the i-th of `parts` is made of, at least one. */
function span(i: number, parts: number, side: number): [from: number, to: number] {
  const from = Math.min(side - 1, Math.floor((i * side) / parts))
  return [from, Math.max(from + 1, Math.floor(((i + 1) * side) / parts))]
}

/** Brightness by ITU-R BT.601. */
function greyOf({ width, height, data }: RgbImage): Float32Array {
  const grey = new Float32Array(width * height)
  for (let i = 0; i < grey.length; i++) {
    grey[i] = 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!
  }
  return grey
}

function laplacianVariance(grey: Float32Array, width: number, height: number): number {
  let [sum, squares, count] = [0, 0, 0]
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x
      const value = grey[at - 1]! + grey[at + 1]! + grey[at - width]! + grey[at + width]! - 4 * grey[at]!
      sum += value
      squares += value * value
      count++
    }
  }
  return count === 0 ? 0 : squares / count - (sum / count) ** 2
}
