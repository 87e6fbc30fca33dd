/** A decoded image: 8-bit RGB, rows top to bottom, 3 bytes a pixel (height x width x 3). */
export interface RgbImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** A rectangle of whole pixels. */
export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** How pixels between pixels are found. */
export type Interpolation = 'bicubic' | 'bilinear'

export interface ResizeOptions {
  /** Default: bicubic. */
  readonly interpolation?: Interpolation
  /** Part of the source to resize, as if it had been cut out first: nothing outside is looked at. Default: all. */
  readonly crop?: Box
  /** Part of the resized image to compute. Default: all. */
  readonly window?: Box
}

/**
 * Resize with antialiasing, equal to Pillow's bit for bit (`Image.resize(size, BICUBIC)` or `BILINEAR`, 8 bits a
 * channel): cubic convolution (Keys 1981) with a = -0.5, or a triangle, stretched by the scale when shrinking, in fixed
 * point, first along rows into 8 bits, then along columns.
 *
 * @param width,height size of the whole resized image
 * @returns the resized image or its `window`
 */
export function resize(
  image: RgbImage,
  width: number,
  height: number,
  {
    interpolation = 'bicubic',
    crop = { left: 0, top: 0, width: image.width, height: image.height },
    window,
  }: ResizeOptions = {},
): RgbImage {
  const { left, top, width: outWidth, height: outHeight } = window ?? { left: 0, top: 0, width, height }
  const columns = coefficients(interpolation, crop.width, width, left, outWidth)
  const rows = coefficients(interpolation, crop.height, height, top, outHeight)
  const firstRow = rows.first[0] as number
  const lastRow = (rows.first[outHeight - 1] as number) + (rows.count[outHeight - 1] as number)
  const across = resampleRows(image, crop.left, crop.top + firstRow, lastRow - firstRow, columns)
  return { width: outWidth, height: outHeight, data: resampleColumns(across, outWidth, firstRow, rows) }
}

/** For each output pixel: the first source pixel, how many, and their weights in fixed point, `size` apart. */
interface Coefficients {
  readonly first: Int32Array
  readonly count: Int32Array
  readonly weights: Int32Array
  readonly size: number
}

/** Pillow's PRECISION_BITS: 8 bits for the sample, 2 for weights beyond 1 and the sign. */
const precision = 32 - 8 - 2
const half = 1 << (precision - 1)

/** Weight of a pixel by its distance, which is 0 from `support` on. */
interface Kernel {
  readonly support: number
  readonly weight: (distance: number) => number
}

const kernels: Readonly<Record<Interpolation, Kernel>> = {
  bicubic: { support: 2, weight: cubic },
  bilinear: { support: 1, weight: (distance) => Math.max(0, 1 - Math.abs(distance)) },
}

const tables = new Map<string, Coefficients>()
const mostTables = 64

/** Data sets have few image sizes, so tables are kept; random crops have many, so only so many. */
function coefficients(
  interpolation: Interpolation,
  inSize: number,
  outSize: number,
  from: number,
  count: number,
): Coefficients {
  const key = `${interpolation},${inSize},${outSize},${from},${count}`
  const known = tables.get(key)
  if (known) return known
  if (tables.size >= mostTables) tables.delete(tables.keys().next().value as string)
  const made = makeCoefficients(kernels[interpolation], inSize, outSize, from, count)
  tables.set(key, made)
  return made
}

function makeCoefficients(
  { support, weight: weightAt }: Kernel,
  inSize: number,
  outSize: number,
  from: number,
  count: number,
): Coefficients {
  const scale = inSize / outSize
  const filterScale = Math.max(scale, 1)
  const reach = support * filterScale
  const size = Math.min(Math.ceil(reach) * 2 + 1, inSize)
  const table = {
    first: new Int32Array(count),
    count: new Int32Array(count),
    weights: new Int32Array(count * size),
    size,
  }
  const exact = new Float64Array(size)
  const inverse = 1 / filterScale
  for (let i = 0; i < count; i++) {
    const center = (from + i + 0.5) * scale
    const first = Math.max(0, Math.trunc(center - reach + 0.5))
    const taps = Math.min(inSize, Math.trunc(center + reach + 0.5)) - first
    let sum = 0
    for (let k = 0; k < taps; k++) {
      const weight = weightAt((k + first - center + 0.5) * inverse)
      exact[k] = weight
      sum += weight
    }
    for (let k = 0; k < taps; k++) {
      const weight = sum === 0 ? (exact[k] as number) : (exact[k] as number) / sum
      table.weights[i * size + k] = Math.trunc(weight * 2 ** precision + (weight < 0 ? -0.5 : 0.5))
    }
    table.first[i] = first
    table.count[i] = taps
  }
  return table
}

function cubic(distance: number): number {
  const a = -0.5
  const x = Math.abs(distance)
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}

/** Rows `top` to `top + height` of the image, resampled: height x columns x 3. */
function resampleRows(
  { width, data }: RgbImage,
  left: number,
  top: number,
  height: number,
  { first, count, weights, size }: Coefficients,
): Uint8Array {
  const outWidth = first.length
  const out = new Uint8ClampedArray(height * outWidth * 3)
  let o = 0
  for (let y = 0; y < height; y++) {
    const row = ((top + y) * width + left) * 3
    for (let x = 0; x < outWidth; x++) {
      let p = row + (first[x] as number) * 3
      let w = x * size
      const end = w + (count[x] as number)
      let red = half
      let green = half
      let blue = half
      for (; w < end; w++, p += 3) {
        const weight = weights[w] as number
        red = (red + Math.imul(data[p] as number, weight)) | 0
        green = (green + Math.imul(data[p + 1] as number, weight)) | 0
        blue = (blue + Math.imul(data[p + 2] as number, weight)) | 0
      }
      out[o++] = red >> precision
      out[o++] = green >> precision
      out[o++] = blue >> precision
    }
  }
  return new Uint8Array(out.buffer)
}

/** Columns of `source` (its first row is row `firstRow` of the image), resampled: rows x width x 3. */
function resampleColumns(
  source: Uint8Array,
  width: number,
  firstRow: number,
  { first, count, weights, size }: Coefficients,
): Uint8Array {
  const outHeight = first.length
  const stride = width * 3
  const out = new Uint8ClampedArray(outHeight * stride)
  const sums = new Int32Array(stride)
  for (let y = 0; y < outHeight; y++) {
    sums.fill(half)
    let p = ((first[y] as number) - firstRow) * stride
    for (let k = 0; k < (count[y] as number); k++) {
      const weight = weights[y * size + k] as number
      for (let i = 0; i < stride; i++, p++) {
        sums[i] = (sums[i] as number) + Math.imul(source[p] as number, weight)
      }
    }
    const row = y * stride
    for (let i = 0; i < stride; i++) out[row + i] = (sums[i] as number) >> precision
  }
  return new Uint8Array(out.buffer)
}
