import { THUMBNAIL } from './picture-facts.js'

/** Smallest side of a crop that is looked for, as a share of the whole picture's. */
const LEAST_SIDE = 0.55
/** Places and sizes that are tried first are so far apart. */
const STEP = 0.15
/** A picture is so many areas a side where places are looked for, and so many where one is judged. */
const COARSE = 8
const FINE = 16
/** Below this at the coarse look a place is not worth a closer one. */
const HOPELESS = 0.75
/** Means of a channel (0 to 255) may differ by so much: as they do after editing, not between a red and a blue square. */
const MOST_SHIFT = 24

/** A part of a picture, in shares of its sides. */
type Window = readonly [left: number, top: number, width: number, height: number]

/** A thumbnail made ready to be compared. */
export interface Comparable {
  /** Brightness, and colours: at each corner the sum of all pixels left of it and above, [33, 33, channels]. */
  readonly grey: Sums
  readonly colour: Sums
  /** Brightness of its windows, at few areas: where another may fit. */
  readonly parts: readonly Areas[]
  /** The whole of it at many areas: what a part of another is compared with. */
  readonly fine: Areas
}

interface Sums {
  readonly channels: 1 | 3
  readonly values: Float32Array
}

/** Area means of a window. */
interface Areas {
  /** [side, side, channels], each channel less its mean. */
  readonly values: Float32Array
  readonly means: Float32Array
  norm: number
}

/** @param thumbnail as `pictureFacts` makes it */
export function comparable(thumbnail: Uint8Array): Comparable {
  const grey = summed(thumbnail, 1)
  const colour = summed(thumbnail, 3)
  return {
    grey,
    colour,
    parts: windows.map((window) => areas(grey, window, COARSE, emptyAreas(COARSE, 1))),
    fine: areas(colour, windows[0]!, FINE, emptyAreas(FINE, 3)),
  }
}

/**
 * How alike two pictures are where the one is laid over the whole, or over that part of the other which fits best: the
 * correlation of their colours there, 1 for the same picture, 0 where nothing fits. Sees through re-encoding, scaling, slight
 * changes of brightness, and crops of at least half of each side; not through mirroring or rotation.
 */
export function sameness(a: Comparable, b: Comparable): Sameness {
  const [first, second] = [bestFit(a, b), bestFit(b, a)]
  return first.fit + first.detail >= second.fit + second.detail ? first : second
}

/** How alike two pictures are. */
export interface Sameness {
  /** Correlation of colours, 1 for the same picture, 0 where nothing fits. */
  readonly fit: number
  /** Correlation of what is left of the colours when the mean of what is around each is taken away. */
  readonly detail: number
}

const unlike: Sameness = { fit: 0, detail: 0 }

/** The best correlation of the whole of `part` with a window of `whole`. */
function bestFit(whole: Comparable, part: Comparable): Sameness {
  const [template] = part.parts
  let start = 0
  let value = 0
  for (const [i, window] of whole.parts.entries()) {
    const found = correlation(window, template!)
    if (found > value) [start, value] = [i, found]
  }
  if (value < HOPELESS) return unlike
  const coarse = (window: Window) => correlation(areas(whole.grey, window, COARSE, coarseAreas), template!)
  const fine = (window: Window) => correlation(areas(whole.colour, window, FINE, fineAreas), part.fine)
  const near = climbed(coarse, windows[start]!, STEP / 2, STEP / 16)
  if (fine(near) < HOPELESS) return unlike
  const best = climbed(fine, near, STEP / 8, STEP / 16)
  return { fit: fine(best), detail: detailCorrelation(fineAreas.values, part.fine.values) }
}

/** Correlation of two [16, 16, 3] less the mean of the four areas around each; the border is left out. */
function detailCorrelation(a: Float32Array, b: Float32Array): number {
  const row = FINE * 3
  let [product, first, second] = [0, 0, 0]
  for (let y = 1; y < FINE - 1; y++) {
    for (let x = 3; x < row - 3; x++) {
      const at = y * row + x
      const own = a[at]! - (a[at - row]! + a[at + row]! + a[at - 3]! + a[at + 3]!) / 4
      const other = b[at]! - (b[at - row]! + b[at + row]! + b[at - 3]! + b[at + 3]!) / 4
      product += own * other
      first += own * own
      second += other * other
    }
  }
  // Less than half a level an area is no detail that could differ.
  const flat = a.length / 4
  return first < flat && second < flat ? 1 : product / Math.max(1e-6, Math.sqrt(first * second))
}

/** The whole, and smaller windows at even distances. */
const windows: readonly Window[] = (() => {
  const found: Window[] = []
  const steps = Math.round((1 - LEAST_SIDE) / STEP)
  for (let i = 0; i <= steps; i++) {
    for (let j = 0; j <= steps; j++) {
      for (let x = 0; x <= i; x++) {
        for (let y = 0; y <= j; y++) found.push([x * STEP, y * STEP, 1 - i * STEP, 1 - j * STEP])
      }
    }
  }
  return found
})()

/** The top of the hill that a window stands on, in steps that are halved from `first` to `last`. */
function climbed(height: (window: Window) => number, start: Window, first: number, last: number): Window {
  let window = start
  let value = height(window)
  for (let step = first; step > last * 0.99; step /= 2) {
    for (let better = true; better; ) {
      better = false
      for (const move of moves) {
        const tried = within(window.map((edge, i) => edge + step * move[i]!) as unknown as Window)
        const found = tried ? height(tried) : 0
        if (found <= value + 1e-5) continue
        window = tried!
        value = found
        better = true
      }
    }
  }
  return window
}

/** Moves of a window and of each of its edges, there and back. */
const moves: readonly Window[] = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
  [1, 0, -1, 0],
  [0, 1, 0, -1],
].flatMap((move) => [move, move.map((edge) => -edge)] as unknown as Window[])

function within(window: Window): Window | undefined {
  const [left, top, width, height] = window
  const fits = left >= -1e-6 && top >= -1e-6 && left + width <= 1 + 1e-6 && top + height <= 1 + 1e-6
  return fits && Math.min(width, height) >= LEAST_SIDE - STEP / 2 ? window : undefined
}

/** Correlation of two sets of areas; 0 where their colours differ too much. */
function correlation(a: Areas, b: Areas): number {
  for (let c = 0; c < a.means.length; c++) if (Math.abs(a.means[c]! - b.means[c]!) > MOST_SHIFT) return 0
  // Less than a level an area is no detail: there the colours alone tell.
  const flat = Math.sqrt(a.values.length)
  if (a.norm < flat || b.norm < flat) return a.norm < flat && b.norm < flat ? 1 : 0
  let product = 0
  for (let i = 0; i < a.values.length; i++) product += a.values[i]! * b.values[i]!
  return product / (a.norm * b.norm)
}

const emptyAreas = (side: number, channels: 1 | 3): Areas => ({
  values: new Float32Array(side * side * channels),
  means: new Float32Array(channels),
  norm: 0,
})

// Written anew for every window that is tried: millions are.
const coarseAreas = emptyAreas(COARSE, 1)
const fineAreas = emptyAreas(FINE, 3)
const corners = new Float32Array((FINE + 1) * (FINE + 1) * 3)
const columns = new Int32Array(FINE + 1)
const shares = new Float64Array(FINE + 1)

function areas(
  { channels, values: sums }: Sums,
  [left, top, width, height]: Window,
  side: number,
  out: Areas,
): Areas {
  const stride = (THUMBNAIL + 1) * channels
  for (let x = 0; x <= side; x++) {
    const right = Math.min(THUMBNAIL, Math.max(0, (left + (x * width) / side) * THUMBNAIL))
    columns[x] = Math.min(THUMBNAIL - 1, Math.floor(right))
    shares[x] = right - columns[x]!
  }
  for (let y = 0; y <= side; y++) {
    const down = Math.min(THUMBNAIL, Math.max(0, (top + (y * height) / side) * THUMBNAIL))
    const row = Math.min(THUMBNAIL - 1, Math.floor(down))
    const v = down - row
    for (let x = 0; x <= side; x++) {
      const u = shares[x]!
      const at = row * stride + columns[x]! * channels
      for (let c = 0; c < channels; c++) {
        const above = sums[at + c]! + u * (sums[at + channels + c]! - sums[at + c]!)
        const under =
          sums[at + stride + c]! + u * (sums[at + stride + channels + c]! - sums[at + stride + c]!)
        corners[(y * (side + 1) + x) * channels + c] = above + v * (under - above)
      }
    }
  }
  const { values, means } = out
  const pixels = (THUMBNAIL * THUMBNAIL * width * height) / (side * side)
  means.fill(0)
  for (let y = 0; y < side; y++) {
    for (let i = 0; i < side * channels; i++) {
      const at = y * (side + 1) * channels + i
      const below = at + (side + 1) * channels
      const sum = corners[below + channels]! - corners[below]! - corners[at + channels]! + corners[at]!
      values[y * side * channels + i] = sum / pixels
      means[i % channels]! += sum / pixels / (side * side)
    }
  }
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]! - means[i % channels]!
    values[i] = value
    squares += value * value
  }
  out.norm = Math.sqrt(squares)
  return out
}

function summed(thumbnail: Uint8Array, channels: 1 | 3): Sums {
  const side = THUMBNAIL + 1
  const values = new Float32Array(side * side * channels)
  for (let y = 1; y < side; y++) {
    for (let x = 1; x < side; x++) {
      const pixel = ((y - 1) * THUMBNAIL + x - 1) * 3
      const [red, green, blue] = [thumbnail[pixel]!, thumbnail[pixel + 1]!, thumbnail[pixel + 2]!]
      for (let c = 0; c < channels; c++) {
        const own = channels === 3 ? thumbnail[pixel + c]! : 0.299 * red + 0.587 * green + 0.114 * blue
        values[(y * side + x) * channels + c] =
          own +
          values[((y - 1) * side + x) * channels + c]! +
          values[(y * side + x - 1) * channels + c]! -
          values[((y - 1) * side + x - 1) * channels + c]!
      }
    }
  }
  return { channels, values }
}
