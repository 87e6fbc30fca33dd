import type { RgbImage } from '../../image/resize.js'
import type { RandomStream } from '../../random.js'
import { hsl } from '../colour.js'
import { lineArt, type Sprite, type SpriteLevel } from './sprite.js'

type Range = readonly [low: number, high: number]

/** How scenes are made: ranges and shares that every picture draws from anew. */
export interface SceneStyle {
  /** Longest side of the drawing as a part of the picture's. */
  readonly size: readonly [low: number, high: number]
  /** Largest shift from the middle, as a part of the picture's side. */
  readonly shift: number
  /** Largest rotation to either side, in degrees. */
  readonly rotation: number
  /** Largest shear. */
  readonly shear: number
  /** Share of mirrored drawings. */
  readonly flip: number
  /** Largest rotation of the drawing's hues to either side, in degrees. */
  readonly hue: number
  readonly saturation: readonly [low: number, high: number]
  readonly contrast: readonly [low: number, high: number]
  /** Largest change of brightness to either side, in parts of full scale. */
  readonly brightness: number
  /** Hue of backgrounds in degrees, and how far they spread to either side; 180 is any. */
  readonly ground: { readonly hue: number; readonly spread: number; readonly saturation: number }
  /** Shares of backgrounds with a gradient and with blotches; the rest is plain. */
  readonly gradient: number
  readonly blotches: number
  /** Colour that lies over the whole picture, with the largest opacity. */
  readonly veil: { readonly colour: readonly [number, number, number]; readonly opacity: number }
  /** Standard deviation of noise, in parts of full scale: up to. */
  readonly noise: number
  /** Passes of a 3 x 3 blur: up to. */
  readonly blur: number
  /** Share of pictures that get noise and blur. */
  readonly poor: number
  /** Share of pictures with a plain box over a part of the drawing. */
  readonly box: number
  /** Share of drawings turned into lines on paper. */
  readonly lines: number
  /** Share of drawings in two or three tones of one hue. */
  readonly tones: number
}

/** A drawing that stands in a scene. */
export interface Actor {
  readonly sprite: Sprite
  /** Longest side as a part of the picture's, in place of the style's. */
  readonly size?: readonly [low: number, high: number]
  /** Middle as a part of the picture's side; default: in the middle of the picture. */
  readonly at?: readonly [x: number, y: number]
}

/** From a pixel to the sprite's, and the colours on the way back. */
interface Placement {
  readonly level: SpriteLevel
  readonly toU: readonly [number, number, number]
  readonly toV: readonly [number, number, number]
  /** Pixels that may be touched: left, top, right, bottom. */
  readonly reach: readonly [number, number, number, number]
}

const within = (random: RandomStream, [low, high]: Range): number => low + (high - low) * random.uniform()
const either = (random: RandomStream, most: number): number => most * (2 * random.uniform() - 1)

const lined = new WeakMap<Sprite, Sprite>()

function inLines(sprite: Sprite): Sprite {
  const found = lined.get(sprite) ?? lineArt(sprite)
  lined.set(sprite, found)
  return found
}

/**
 * Draws a scene: a background, the actors from back to front, what the picture suffers.
 *
 * @param side of the picture in pixels
 */
export function drawScene(
  actors: readonly Actor[],
  style: SceneStyle,
  random: RandomStream,
  side: number,
): RgbImage {
  const pixels = new Float32Array(side * side * 3)
  paintGround(pixels, side, style, random)
  for (const actor of actors) {
    const lines = random.uniform() < style.lines
    const placement = place(actor, lines ? inLines(actor.sprite) : actor.sprite, style, random, side)
    paint(pixels, side, placement, recolouring(style, random, lines))
  }
  if (random.uniform() < style.box) paintBox(pixels, side, random)
  const opacity = style.veil.opacity * random.uniform()
  if (opacity > 0) {
    for (let i = 0; i < pixels.length; i++) pixels[i]! += (style.veil.colour[i % 3]! - pixels[i]!) * opacity
  }
  const poor = random.uniform() < style.poor
  const passes = poor ? Math.floor(random.uniform() * (style.blur + 1)) : 0
  let current: Float32Array = pixels
  for (let pass = 0; pass < passes; pass++) current = blurred(current, side)
  const noise = poor ? style.noise * random.uniform() : 0
  const data = new Uint8Array(current.length)
  for (let i = 0; i < data.length; i++) {
    const value = noise > 0 ? current[i]! + noise * random.normal() : current[i]!
    data[i] = value <= 0 ? 0 : value >= 1 ? 255 : Math.round(255 * value)
  }
  return { width: side, height: side, data }
}

function place(
  { size: own, at = [0.5, 0.5] }: Actor,
  { levels, centre, extent }: Sprite,
  style: SceneStyle,
  random: RandomStream,
  side: number,
): Placement {
  const size = within(random, own ?? style.size)
  const x = side * (at[0] + either(random, style.shift))
  const y = side * (at[1] + either(random, style.shift))
  const angle = (either(random, style.rotation) * Math.PI) / 180
  const shear = either(random, style.shear)
  const mirror = random.uniform() < style.flip ? -1 : 1
  // Sprite pixels a picture pixel at full size.
  const step = (levels[0]!.side * extent) / (size * side)
  const depth = step > 2.8 ? 2 : step > 1.4 ? 1 : 0
  const level = levels[depth]!
  const scale = step / 2 ** depth
  const [cos, sin] = [Math.cos(angle) * scale, Math.sin(angle) * scale]
  const [ux, uy] = [mirror * (cos + shear * sin), mirror * (sin - shear * cos)]
  const [vx, vy] = [-sin, cos]
  const radius = 0.75 * size * side * (1 + Math.abs(shear))
  return {
    level,
    toU: [ux, uy, centre[0] * level.side - 0.5 - ux * x - uy * y],
    toV: [vx, vy, centre[1] * level.side - 0.5 - vx * x - vy * y],
    reach: [
      Math.max(0, Math.floor(x - radius)),
      Math.max(0, Math.floor(y - radius)),
      Math.min(side, Math.ceil(x + radius)),
      Math.min(side, Math.ceil(y + radius)),
    ],
  }
}

/** A 3 x 3 matrix and an offset for colours in 0..1. */
type Recolouring = Float32Array

function recolouring(style: SceneStyle, random: RandomStream, lines: boolean): Recolouring {
  const hue = either(random, style.hue)
  const saturation = within(random, style.saturation)
  const contrast = within(random, style.contrast)
  const brightness = either(random, style.brightness)
  const toned = random.uniform() < style.tones
  const tone = random.uniform()
  const [r, g, b] = [0.213, 0.715, 0.072]
  const matrix = new Float32Array(12)
  const offset = 0.5 - 0.5 * contrast + brightness
  if (toned && !lines) {
    const ink = hsl(360 * tone, 0.7, 0.55)
    for (let c = 0; c < 3; c++) {
      const gain = contrast * (0.5 + ink[c]!)
      matrix.set([r * gain, g * gain, b * gain], c * 3)
      matrix[9 + c] = offset
    }
    return matrix
  }
  // Rotation of hues about grey (the matrix of SVG's hueRotate), then saturation.
  const [cos, sin] = [Math.cos((hue * Math.PI) / 180), Math.sin((hue * Math.PI) / 180)]
  const turn = [
    [r + cos * (1 - r) - sin * r, g - cos * g - sin * g, b - cos * b + sin * (1 - b)],
    [r - cos * r + sin * 0.143, g + cos * (1 - g) + sin * 0.14, b - cos * b - sin * 0.283],
    [r - cos * r - sin * (1 - r), g - cos * g + sin * g, b + cos * (1 - b) + sin * b],
  ]
  const grey = [r, g, b]
  for (let c = 0; c < 3; c++) {
    for (let k = 0; k < 3; k++) {
      matrix[c * 3 + k] = contrast * (grey[k]! + saturation * (turn[c]![k]! - grey[k]!))
    }
    matrix[9 + c] = offset
  }
  return matrix
}

function paint(
  pixels: Float32Array,
  side: number,
  { level, toU, toV, reach }: Placement,
  colour: Recolouring,
): void {
  const { side: n, data } = level
  const [left, top, right, bottom] = reach
  const texel = new Float64Array(4)
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const u = toU[0] * (x + 0.5) + toU[1] * (y + 0.5) + toU[2]
      const v = toV[0] * (x + 0.5) + toV[1] * (y + 0.5) + toV[2]
      if (u <= -1 || v <= -1 || u >= n || v >= n) continue
      const u0 = Math.floor(u)
      const v0 = Math.floor(v)
      const fu = u - u0
      const fv = v - v0
      texel.fill(0)
      for (let k = 0; k < 4; k++) {
        const i = u0 + (k & 1)
        const j = v0 + (k >> 1)
        if (i < 0 || j < 0 || i >= n || j >= n) continue
        const weight = ((k & 1 ? fu : 1 - fu) * (k >> 1 ? fv : 1 - fv)) / 255
        const from = (j * n + i) * 4
        for (let c = 0; c < 4; c++) texel[c]! += weight * data[from + c]!
      }
      const alpha = texel[3]!
      if (alpha < 0.004) continue
      const target = (y * side + x) * 3
      for (let c = 0; c < 3; c++) {
        const value =
          colour[c * 3]! * texel[0]! +
          colour[c * 3 + 1]! * texel[1]! +
          colour[c * 3 + 2]! * texel[2]! +
          colour[9 + c]! * alpha
        pixels[target + c] = pixels[target + c]! * (1 - alpha) + Math.max(0, Math.min(alpha, value))
      }
    }
  }
}

function paintGround(
  pixels: Float32Array,
  side: number,
  { ground, gradient, blotches }: SceneStyle,
  random: RandomStream,
): void {
  const colour = () =>
    hsl(
      ground.hue + either(random, ground.spread),
      ground.saturation * random.uniform(),
      0.1 + 0.85 * random.uniform(),
    )
  const kind = random.uniform()
  const [from, to] = [colour(), colour()]
  let shareAt: (x: number, y: number) => number = () => 0
  if (kind < gradient) {
    const angle = 2 * Math.PI * random.uniform()
    const [dx, dy] = [Math.cos(angle) / side, Math.sin(angle) / side]
    shareAt = (x, y) => Math.max(0, Math.min(1, 0.5 + (x - side / 2) * dx + (y - side / 2) * dy))
  } else if (kind < gradient + blotches) {
    const cells = 3 + random.integer(7)
    const grid = Float32Array.from({ length: (cells + 1) ** 2 }, () => random.uniform())
    shareAt = (px, py) => {
      const x = (px / side) * cells
      const y = (py / side) * cells
      const [i, j] = [Math.floor(x), Math.floor(y)]
      const at = j * (cells + 1) + i
      const upper = grid[at]! + (grid[at + 1]! - grid[at]!) * (x - i)
      const lower = grid[at + cells + 1]! + (grid[at + cells + 2]! - grid[at + cells + 1]!) * (x - i)
      return upper + (lower - upper) * (y - j)
    }
  }
  for (let i = 0; i < side * side; i++) {
    const x = i % side
    const share = shareAt(x, (i - x) / side)
    for (let c = 0; c < 3; c++) pixels[i * 3 + c] = from[c]! + (to[c]! - from[c]!) * share
  }
}

function paintBox(pixels: Float32Array, side: number, random: RandomStream): void {
  const [width, height] = [0, 0].map(() => Math.round(side * (0.15 + 0.2 * random.uniform())))
  const left = random.integer(side - width!)
  const top = random.integer(side - height!)
  const colour = hsl(360 * random.uniform(), 0.6 * random.uniform(), random.uniform())
  for (let y = top; y < top + height!; y++) {
    for (let x = left; x < left + width!; x++) pixels.set(colour, (y * side + x) * 3)
  }
}

function blurred(pixels: Float32Array, side: number): Float32Array {
  const along = (source: Float32Array, stride: number, coordinate: (i: number) => number) => {
    const result = new Float32Array(source.length)
    for (let i = 0; i < side * side; i++) {
      const at = coordinate(i)
      const before = at > 0 ? i - stride : i
      const after = at < side - 1 ? i + stride : i
      for (let c = 0; c < 3; c++)
        result[i * 3 + c] = (source[before * 3 + c]! + source[i * 3 + c]! + source[after * 3 + c]!) / 3
    }
    return result
  }
  const rows = along(pixels, 1, (i) => i % side)
  return along(rows, side, (i) => Math.floor(i / side))
}
