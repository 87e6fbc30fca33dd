import type { RgbImage } from '../../src/core/image/resize.js'
import { randomStream } from '../../src/core/random.js'
import { captionOf, fits } from '../../src/core/world/captions.js'
import { drawScene } from '../../src/core/world/render.js'
import { type Style, type StyleName, styles } from '../../src/core/world/style.js'
import { colourNames, patterns, shapes, type ToyObject } from '../../src/core/world/world.js'

/** Pictures with captions, and which caption describes which picture. */
export interface PairBatch {
  readonly images: readonly RgbImage[]
  readonly captions: readonly string[]
  /** Row i: the captions that are true of picture i, summing to 1: [B, B]. */
  readonly targets: Float32Array
  /** Row j: the pictures that caption j is true of, summing to 1: [B, B]. */
  readonly targetsT: Float32Array
}

/** Share of pre-training pictures that are not clean; each of them is only part of the way to a shifted style. */
const SHIFTED = 0.25

/** The pairs of one pre-training step: random objects of the toy world, mostly in the clean style. */
export function pairBatch(seed: number, step: number, size: number): PairBatch {
  const pairs = Array.from({ length: size }, (_, i) => {
    const random = randomStream(seed, 'pair', step, i)
    const object: ToyObject = {
      pattern: patterns[random.integer(patterns.length)]!,
      colour: colourNames[random.integer(colourNames.length)]!,
      shape: shapes[random.integer(shapes.length)]!,
    }
    const names = (Object.keys(styles) as StyleName[]).filter((name) => name !== 'field' && name !== 'clean')
    const style = random.uniform() < SHIFTED ? names[random.integer(names.length)]! : 'clean'
    const scene = drawScene(object, towards(styles[style], 0.6 * random.uniform()), random)
    return { object, image: scene.image, caption: captionOf(object, scene, style, random) }
  })
  const captions = pairs.map(({ caption }) => caption)
  const objects = pairs.map(({ object }) => object)
  return {
    images: pairs.map(({ image }) => image),
    captions: captions.map(({ text }) => text),
    targets: matches(size, (i, j) => fits(captions[j]!, objects[i]!)),
    targetsT: matches(size, (i, j) => fits(captions[i]!, objects[j]!)),
  }
}

/** A style between the clean one and another. */
function towards(style: Style, share: number): Style {
  const entries = Object.entries(style) as [keyof Style, number][]
  const counted = new Set(['blur', 'clutter'])
  return Object.fromEntries(
    entries.map(([key, value]) => {
      const between = styles.clean[key] + (value - styles.clean[key]) * share
      return [key, counted.has(key) ? Math.round(between) : between]
    }),
  ) as unknown as Style
}

function matches(size: number, describes: (i: number, j: number) => boolean): Float32Array {
  const rows = new Float32Array(size * size)
  for (let i = 0; i < size; i++) {
    const row = rows.subarray(i * size, (i + 1) * size)
    for (let j = 0; j < size; j++) if (describes(i, j)) row[j] = 1
    const total = row.reduce((a, b) => a + b, 0)
    for (let j = 0; j < size; j++) row[j]! /= total
  }
  return rows
}
