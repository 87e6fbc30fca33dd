import type { RgbImage } from '../core/image/resize.js'

/** From little to much; lightness rises all the way, so that it reads without colours, too. After Matplotlib's inferno. */
export const heatColours = [
  [0, 0, 4],
  [87, 16, 110],
  [188, 55, 84],
  [249, 142, 9],
  [252, 255, 164],
] as const

/** How much of the heat colour covers the picture's grey. */
const COVER = 0.7
/** Weights of red, green and blue in grey (ITU-R BT.601). */
const GREY = [0.299, 0.587, 0.114] as const

/** Amounts on a grid of square patches. */
export interface HeatGrid {
  /** Row by row: [side * side]. */
  readonly values: ArrayLike<number>
  /** Patches a side. */
  readonly side: number
  /** Values of the darkest and of the lightest colour. */
  readonly range: readonly [low: number, high: number]
}

/** A picture in grey with every patch tinted by its value. The picture's sides are multiples of the grid's. */
export function heatMap({ width, height, data }: RgbImage, { values, side, range }: HeatGrid): RgbImage {
  const [low, high] = range
  const tinted = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * side) / height) * side
    for (let x = 0; x < width; x++) {
      const value = values[row + Math.floor((x * side) / width)]!
      const colour = heatColour(high > low ? (value - low) / (high - low) : 0.5)
      const pixel = 3 * (y * width + x)
      const grey = GREY.reduce((sum, weight, c) => sum + weight * data[pixel + c]!, 0)
      for (let c = 0; c < 3; c++) tinted[pixel + c] = Math.round(COVER * colour[c]! + (1 - COVER) * grey)
    }
  }
  return { width, height, data: tinted }
}

/** The colour of an amount between 0 and 1. */
function heatColour(amount: number): number[] {
  const place = Math.min(1, Math.max(0, amount)) * (heatColours.length - 1)
  const below = Math.min(Math.floor(place), heatColours.length - 2)
  return heatColours[below]!.map((from, c) => from + (place - below) * (heatColours[below + 1]![c]! - from))
}

/** Where the largest value lies, in words: "upper left", "centre". */
export function whereStrongest({ values, side }: Pick<HeatGrid, 'values' | 'side'>): string {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  const third = (place: number) => Math.min(2, Math.floor((3 * (place + 0.5)) / side))
  const vertical = ['upper', '', 'lower'][third(Math.floor(best / side))]!
  const horizontal = ['left', '', 'right'][third(best % side)]!
  return [vertical, horizontal].filter((word) => word !== '').join(' ') || 'centre'
}
