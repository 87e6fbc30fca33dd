import type { RgbImage } from '../image/resize.js'
import { type RandomStream, randomStream } from '../random.js'
import { hsl } from './colour.js'
import { type Inside, insideOf } from './shapes.js'
import type { Style } from './style.js'
import { colours, nameOf, type Pattern, shapes, type ToyObject } from './world.js'

/** Side of the pictures in pixels. */
export const SIDE = 48

/** Samples a pixel along each axis. */
const SAMPLES = 2

type Rgb = readonly [number, number, number]

/** An object's place in the picture, in pixels. */
interface Placed {
  readonly inside: Inside
  readonly x: number
  readonly y: number
  readonly scale: number
  /** Square root of width by height. */
  readonly root: number
  readonly cos: number
  readonly sin: number
}

/**
 * Puts a shape into the picture.
 *
 * @param stretch width by height; 1 is as drawn
 * @param angle radians
 */
const place = (
  inside: Inside,
  x: number,
  y: number,
  scale: number,
  stretch: number,
  angle: number,
): Placed => ({ inside, x, y, scale, root: Math.sqrt(stretch), cos: Math.cos(angle), sin: Math.sin(angle) })

/** What the objects of a class have in common beside their name, as things in the world do. */
interface Look {
  /** Departure from the colour's hue, in degrees. */
  readonly hue: number
  readonly stretch: number
  /** Usual rotation, in degrees. */
  readonly tilt: number
  /** Hue of the usual background. */
  readonly surroundings: number
  /** Share of dark backgrounds. */
  readonly darkness: number
}

/** The look of an object's class, the same in every picture and data set; none at strength 0. */
function lookOf(object: ToyObject, strength: number): Look {
  const random = randomStream(0, 'look', nameOf(object))
  const symmetric = () => strength * (2 * random.uniform() - 1)
  return {
    hue: 45 * symmetric(),
    stretch: Math.exp(0.45 * symmetric()),
    tilt: 60 * symmetric(),
    surroundings: 360 * random.uniform(),
    darkness: 0.5 + 0.5 * Math.sign(symmetric()) * strength,
  }
}

/** What the caption may say of a picture beside its object. */
export interface Scene {
  readonly image: RgbImage
  /** The object fills much of the picture, or little. */
  readonly size: 'large' | 'small' | 'medium'
  readonly background: 'dark' | 'light'
}

/** How an object departs from what a stream draws of it, as in a frame of a clip. */
export interface Change {
  /** Where it stands instead: 0 is as far left, or up, as the whole of it can be seen, 1 as far right, or down. */
  readonly column?: number
  readonly row?: number
  /** Times its usual size. */
  readonly size?: number
  /** Added to its rotation, in degrees. */
  readonly turn?: number
  /** Added to its hue, in degrees. */
  readonly hue?: number
}

/** Draws an object in a style. Equal streams give equal pixels, but for what is changed. */
export function drawScene(
  object: ToyObject,
  style: Style,
  random: RandomStream,
  { column, row, size: times = 1, turn = 0, hue: shift = 0 }: Change = {},
): Scene {
  const between = (low: number, high: number) => low + (high - low) * random.uniform()
  const radians = (degrees: number) => (degrees * Math.PI) / 180
  const look = lookOf(object, style.look)
  const scale = SIDE * between(0.26, 0.42) * (1 - style.distance)
  const margin = SIDE / 2 - scale * 0.9
  const drawn = { x: between(-margin, margin), y: between(-margin, margin) }
  const at = (share: number | undefined, own: number) =>
    SIDE / 2 + (share === undefined ? own : margin * (2 * share - 1))
  const main = place(
    insideOf[object.shape],
    at(column, drawn.x),
    at(row, drawn.y),
    scale * times,
    look.stretch,
    radians(look.tilt + turn + between(-style.rotation, style.rotation)),
  )
  const dark = random.uniform() < look.darkness
  const background = hsl(
    look.surroundings + between(-180, 180) * (1 - style.look),
    between(0, 0.15) + 0.3 * style.look,
    dark ? between(0.08, 0.25) : between(0.78, 0.95),
  )
  const [hue, saturation, lightness] = colours[object.colour]
  const colour = hsl(
    hue + shift + style.hue + look.hue + between(-6, 6),
    saturation * (1 - style.fade) * between(0.9, 1),
    lightness + between(-0.05, 0.05),
  )
  // The pattern's second tone is black or white, whichever differs more from the colour.
  const second: Rgb =
    lightness > 0.5 || object.colour === 'yellow' || object.colour === 'cyan'
      ? [0.05, 0.05, 0.08]
      : [0.97, 0.97, 0.95]
  const fill = patternAt(object.pattern, between(0, 1))
  const clutter = Array.from({ length: style.clutter }, () => distractor(random, main))
  const blotches = style.texture > 0 ? blotchy(random) : () => 0
  const bars = Array.from({ length: style.bars }, () => bar(random))
  const paper: Rgb = [0.95, 0.94, 0.9]

  const colourAt = (px: number, py: number): Rgb => {
    const [u, v] = local(main, px, py)
    for (const { covers, grey } of bars) if (covers(u, v)) return [grey, grey, grey]
    if (isWithin(u, v) && main.inside(u, v)) {
      const inner = fill(u, v) ? colour : second
      if (style.sketch === 0) return inner
      const edge = !main.inside(u * 1.18, v * 1.18) || !main.inside(u * 1.18 + 0.05, v * 1.18)
      return edge ? mix(inner, [0.15, 0.15, 0.15], style.sketch) : mix(inner, paper, style.sketch * 0.75)
    }
    const base = style.sketch > 0 ? mix(background, paper, style.sketch) : background
    for (const { placed, grey } of clutter) {
      const [cu, cv] = local(placed, px, py)
      if (isWithin(cu, cv) && placed.inside(cu, cv)) return mix(base, [grey, grey, grey], 0.8)
    }
    return style.texture > 0 ? mix(base, [0.5, 0.5, 0.5], style.texture * blotches(px, py)) : base
  }

  const pixels = new Float32Array(SIDE * SIDE * 3)
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const target = (y * SIDE + x) * 3
      for (let s = 0; s < SAMPLES * SAMPLES; s++) {
        const rgb = colourAt(
          x + ((s % SAMPLES) + 0.5) / SAMPLES,
          y + (Math.floor(s / SAMPLES) + 0.5) / SAMPLES,
        )
        for (let c = 0; c < 3; c++) pixels[target + c]! += rgb[c]! / (SAMPLES * SAMPLES)
      }
    }
  }
  const data = developed(pixels, style, random)
  const size = scale > SIDE * 0.37 ? 'large' : scale < SIDE * 0.31 ? 'small' : 'medium'
  return { image: { width: SIDE, height: SIDE, data }, size, background: dark ? 'dark' : 'light' }
}

/** A point of the picture in the object's own square. */
function local({ x, y, scale, root, cos, sin }: Placed, px: number, py: number): [number, number] {
  const dx = (px - x) / scale
  const dy = (py - y) / scale
  return [(dx * cos + dy * sin) / root, (dy * cos - dx * sin) * root]
}

/** False only where no shape reaches, which spares most points the outline. */
const isWithin = (u: number, v: number): boolean => Math.abs(u) <= 1.01 && Math.abs(v) <= 1.01

/** True where a pattern shows the object's colour, false where it shows the second tone. */
function patternAt(pattern: Pattern, phase: number): Inside {
  const step = (value: number) => ((value % 1) + 1) % 1
  switch (pattern) {
    case 'plain':
      return () => true
    case 'striped':
      return (_x, y) => step(y * 1.7 + phase) < 0.58
    case 'dotted':
      return (x, y) => (step(x * 1.6 + phase) - 0.5) ** 2 + (step(y * 1.6 + phase) - 0.5) ** 2 > 0.075
    case 'checkered':
      return (x, y) => step(x * 1.25 + phase) < 0.5 === step(y * 1.25 + phase) < 0.5
    case 'zigzag':
      return (x, y) => step(y * 1.7 + phase + 0.55 * Math.abs(step(x * 1.4) * 2 - 1)) < 0.55
  }
}

function distractor(random: RandomStream, main: Placed): { placed: Placed; grey: number } {
  const angle = 2 * Math.PI * random.uniform()
  const distance = main.scale + SIDE * (0.04 + 0.16 * random.uniform())
  const placed = place(
    insideOf[shapes[random.integer(shapes.length)]!],
    main.x + distance * Math.cos(angle),
    main.y + distance * Math.sin(angle),
    SIDE * (0.05 + 0.06 * random.uniform()),
    1,
    2 * Math.PI * random.uniform(),
  )
  return { placed, grey: random.uniform() }
}

/** A bar across the object's square, at any angle. */
function bar(random: RandomStream): { covers: Inside; grey: number } {
  const angle = Math.PI * random.uniform()
  const offset = 1.2 * random.uniform() - 0.6
  const grey = 0.25 + 0.5 * random.uniform()
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  return { covers: (x, y) => Math.abs(x * cos + y * sin - offset) < 0.16, grey }
}

/** Smooth random blotches in 0..1 over the picture: a bilinear grid of random values. */
function blotchy(random: RandomStream): (x: number, y: number) => number {
  const cells = 8
  const grid = Float32Array.from({ length: (cells + 1) ** 2 }, () => random.uniform())
  return (px, py) => {
    const x = Math.min((px / SIDE) * cells, cells - 1e-6)
    const y = Math.min((py / SIDE) * cells, cells - 1e-6)
    const i = Math.floor(y) * (cells + 1) + Math.floor(x)
    const fx = x % 1
    const fy = y % 1
    const top = grid[i]! * (1 - fx) + grid[i + 1]! * fx
    const bottom = grid[i + cells + 1]! * (1 - fx) + grid[i + cells + 2]! * fx
    return top * (1 - fy) + bottom * fy
  }
}

/** Blur, tiles, haze, depth and noise, then 8 bits. */
function developed(pixels: Float32Array, style: Style, random: RandomStream): Uint8Array {
  let current = pixels
  for (let pass = 0; pass < style.blur; pass++) current = boxBlur(current)
  if (style.tiles > 0) current = tiled(current, style.tiles)
  const light = [1 - style.depth, 1 - style.depth / 4, 1]
  const data = new Uint8Array(current.length)
  for (let i = 0; i < data.length; i++) {
    const hazy = (current[i]! + (0.6 - current[i]!) * style.haze) * light[i % 3]!
    const noisy = style.noise > 0 ? hazy + style.noise * random.normal() : hazy
    data[i] = Math.max(0, Math.min(255, Math.round(255 * noisy)))
  }
  return data
}

/** For every pixel the 9 around it, itself included, row by row; at the border the nearest ones stand in. */
const around = Int32Array.from({ length: SIDE * SIDE * 9 }, (_, i) => {
  const nearest = (n: number) => Math.max(0, Math.min(SIDE - 1, n))
  const pixel = Math.floor(i / 9)
  const y = nearest(Math.floor(pixel / SIDE) + Math.floor((i % 9) / 3) - 1)
  return y * SIDE + nearest((pixel % SIDE) + (i % 3) - 1)
})

function boxBlur(pixels: Float32Array): Float32Array {
  const result = new Float32Array(pixels.length)
  for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
    for (let c = 0; c < 3; c++) {
      let sum = 0
      for (let k = 0; k < 9; k++) sum += pixels[around[pixel * 9 + k]! * 3 + c]!
      result[pixel * 3 + c] = sum / 9
    }
  }
  return result
}

/** Every tile in its mean colour. */
function tiled(pixels: Float32Array, side: number): Float32Array {
  const sums = new Float64Array(pixels.length)
  const corner = (x: number, y: number) => ((y - (y % side)) * SIDE + x - (x % side)) * 3
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      for (let c = 0; c < 3; c++) sums[corner(x, y) + c]! += pixels[(y * SIDE + x) * 3 + c]!
    }
  }
  const area = side * side
  return pixels.map((_, i) => {
    const pixel = Math.floor(i / 3)
    return sums[corner(pixel % SIDE, Math.floor(pixel / SIDE)) + (i % 3)]! / area
  })
}

const mix = (a: Rgb, b: Rgb, share: number): Rgb => [
  a[0] + (b[0] - a[0]) * share,
  a[1] + (b[1] - a[1]) * share,
  a[2] + (b[2] - a[2]) * share,
]
