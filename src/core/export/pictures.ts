import {
  abs,
  add,
  cast,
  div,
  matmul,
  mul,
  relu,
  reshape,
  slice,
  sub,
  sum,
  swapLast,
  type Tensor,
  values,
} from '../graph/index.js'
import { floor, round } from '../graph/inference-only.js'
import type { Preprocessing } from '../image/preprocess.js'

/**
 * How a page's library hands a picture of any size to a model: whole, on a square canvas of that many pixels a side in
 * its upper left corner. Its channels are the levels 0 to 255 plus one; where the canvas is empty they are 0. Larger
 * pictures are shrunk to the canvas by the library.
 *
 * transformers.js shrinks pictures without antialiasing, which costs accuracy. So a model does it itself.
 */
export const canvasSide = ({ size }: Pick<Preprocessing, 'size'>): number => Math.max(256, 2 * size)

/** Channel values of a picture on a canvas: the level plus one, so that 0 is where there is no picture. */
const LEVEL_PLUS_ONE = { mean: -1, std: 1 }

/**
 * The `preprocessor_config.json` under which transformers.js puts a picture on the canvas that `fromCanvas` takes: it
 * is shrunk only where it is larger, and is neither cut nor normalised.
 */
export function canvasProcessor(preprocessing: Preprocessing): Record<string, unknown> {
  const side = canvasSide(preprocessing)
  const square = { height: side, width: side }
  return {
    image_processor_type: 'CLIPImageProcessor',
    do_convert_rgb: true,
    do_resize: false,
    do_thumbnail: true,
    size: square,
    resample: 1,
    do_center_crop: false,
    do_rescale: false,
    do_normalize: true,
    image_mean: Array(3).fill(LEVEL_PLUS_ONE.mean),
    image_std: Array(3).fill(LEVEL_PLUS_ONE.std),
    do_pad: true,
    pad_size: square,
  }
}

/**
 * The input of an image tower from a canvas: `testTransform` and `normalize` as a graph, level for level.
 *
 * Pillow resizes in fixed point: weights are whole multiples of 2^-22, and what their products with levels sum up to is
 * rounded to a level. Here each weight is `2^11 high + low` such units, of which float32 holds sums of products exactly.
 *
 * @param canvas [B, 3, side, side], see {@link canvasSide}
 * @returns normalised pixels [B, 3, R, R]
 */
export function fromCanvas(canvas: Tensor, preprocessing: Preprocessing): Tensor {
  const { size, mean, std, resize } = preprocessing
  const [batch, , side] = canvas.shape as [number, number, number, number]
  const first = slice(canvas, 1, 0, 1) // (B, 1, side, side): a level of red is there where the picture is
  const across = minimum(reshape(slice(first, 2, 0, 1), [batch, 1, side]), 1)
  const down = minimum(reshape(slice(first, 3, 0, 1), [batch, 1, side]), 1)
  const width = maximum(sum(across, [2], true), 1) // (B, 1, 1)
  const height = maximum(sum(down, [2], true), 1)
  const short = minimum(width, height)
  const target = (length: Tensor) =>
    resize === 'squash' ? add(mul(length, 0), size) : floor(div(mul(length, size), short))
  const columns = unitsOf(preprocessing, across, width, target(width))
  const rows = unitsOf(preprocessing, down, height, target(height))

  const levels = relu(sub(canvas, 1))
  const alongRows = (units: Tensor) => matmul(levels, reshape(swapLast(units), [batch, 1, side, size]))
  const byRows = asLevels(alongRows(columns.high), alongRows(columns.low))
  const alongColumns = (units: Tensor) => matmul(reshape(units, [batch, 1, size, side]), byRows)
  const resized = asLevels(alongColumns(rows.high), alongColumns(rows.low))
  const channels = (name: string, rgb: readonly number[]) =>
    values(name, [1, 3, 1, 1], Float32Array.from(rgb), { owner: preprocessing })
  return div(sub(div(resized, 255), channels('mean', mean)), channels('std', std))
}

/** Half of the 22 bits of a unit, Pillow's PRECISION_BITS. */
const HALF = 2 ** 11

/**
 * Weights with which the pixels along an axis make those that are kept of the resized one, in units of 2^-22:
 * 2^11 high + low, each [B, size, side], of which low is at most 2^10 either way.
 *
 * Pillow works them out in float64, which browsers' ONNX Runtime lacks. They are quotients of whole numbers, so int64 does.
 *
 * @param present 1 where the picture is, else 0: [B, 1, side]
 * @param length pixels of the picture along the axis: [B, 1, 1]
 * @param target pixels of the whole resized one: [B, 1, 1]
 */
function unitsOf(
  { size, interpolation }: Preprocessing,
  present: Tensor,
  length: Tensor,
  target: Tensor,
): { readonly high: Tensor; readonly low: Tensor } {
  const side = present.dim(2)
  const odd = (name: string, n: number, shape: number[]) =>
    values(
      `odd:${name}`,
      shape,
      Float32Array.from({ length: n }, (_, i) => 2 * i + 1),
      { owner: unitsOf },
    )
  // The distance of two pixels is n / d: |(2k + 1) target - (2o + 1) length| / 2 max(target, length).
  const start = round(mul(sub(target, size), 0.5))
  const output = add(odd(`output ${size}`, size, [1, size, 1]), mul(start, 2))
  const n = abs(sub(mul(odd(`input ${side}`, side, [1, 1, side]), target), mul(output, length)))
  const d = mul(maximum(length, target), 2)
  const whole = (x: Tensor) => cast(x, 'int64')
  const kernel = interpolation === 'bicubic' ? cubic(n, d) : whole(relu(sub(d, n)))
  const weights = mul(kernel, whole(present))
  const total = sum(weights, [2], true)
  const divisor = add(total, whole(relu(sub(1, relu(cast(total, 'float32')))))) // 1 where there is no picture
  // Twice the units, by long division: 12 bits, then 11 of what remains.
  const shifted = mul(weights, 2 ** 12)
  const first = div(shifted, divisor)
  const second = div(mul(sub(shifted, mul(first, divisor)), HALF), divisor)
  const twice = cast(add(mul(first, HALF), second), 'float32')
  const sign = minimum(maximum(twice, -1), 1)
  const units = mul(floor(mul(add(abs(twice), 1), 0.5)), sign)
  const high = round(mul(units, 1 / HALF))
  return { high, low: sub(units, mul(high, HALF)) }
}

/**
 * 2 d^3 times the cubic convolution with a = -0.5 (Keys 1981) at n / d, both whole: q(min(n, 2d)) + p(min(n, d)), where q is
 * the outer polynomial, and p, the inner one less q, is 0 at d.
 */
function cubic(n: Tensor, d: Tensor): Tensor {
  const whole = (x: Tensor) => cast(x, 'int64')
  const product = (x: Tensor, y: Tensor) => mul(mul(whole(x), whole(x)), whole(y))
  const u = minimum(n, mul(d, 2))
  const s = minimum(n, d)
  return add(product(sub(mul(d, 2), u), sub(d, u)), mul(product(sub(s, d), sub(mul(s, 2), d)), 2))
}

/** Levels 0 to 255 of 2^11 high + low in units of 2^-22, halves up: whole numbers, of which none is beyond 2^24. */
function asLevels(high: Tensor, low: Tensor): Tensor {
  const carried = floor(mul(low, 1 / HALF))
  const rounded = floor(mul(add(add(high, carried), HALF / 2), 1 / HALF))
  return minimum(relu(rounded), 255)
}

const minimum = (x: Tensor, y: Tensor | number): Tensor => sub(y, relu(sub(y, x)))
const maximum = (x: Tensor, y: Tensor | number): Tensor => add(y, relu(sub(x, y)))
