import { randomStream } from '../../src/core/random.js'
import { captionOf, fits } from '../../src/core/world/captions.js'
import { drawScene } from '../../src/core/world/render.js'
import { type Style, type StyleName, styles } from '../../src/core/world/style.js'
import { colourNames, patterns, shapes, type ToyObject } from '../../src/core/world/world.js'
import { shares } from './emoji-batches.js'
import type { PairBatch } from './pretrain.js'

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
    targets: shares(size, size, (i, j) => fits(captions[j]!, objects[i]!)),
    targetsT: shares(size, size, (i, j) => fits(captions[i]!, objects[j]!)),
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
