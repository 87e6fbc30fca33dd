import { clipTemplates, fillTemplate, photoTemplate } from '../../src/core/clip/templates.js'
import { type RandomStream, randomStream } from '../../src/core/random.js'
import { type Actor, drawScene, type SceneStyle } from '../../src/core/world/emoji/scene.js'
import type { Sprite } from '../../src/core/world/emoji/sprite.js'
import type { PairBatch } from './pretrain.js'

/** A thing with what pre-training may see of it. */
export interface SeenConcept {
  readonly name: string
  readonly tags: readonly string[]
  readonly sprites: readonly Sprite[]
}

/** Pictures of pre-training: plainer than those of the downstream sets, in any colours. */
export const pretrainingStyle: SceneStyle = {
  size: [0.55, 1.15],
  shift: 0.1,
  rotation: 18,
  shear: 0.08,
  flip: 0.4,
  hue: 14,
  saturation: [0.7, 1.2],
  contrast: [0.75, 1.15],
  brightness: 0.08,
  ground: { hue: 0, spread: 180, saturation: 0.7 },
  gradient: 0.2,
  blotches: 0.2,
  veil: { colour: [0.6, 0.6, 0.6], opacity: 0 },
  noise: 0.06,
  blur: 1,
  poor: 0.2,
  box: 0.05,
  lines: 0.08,
  tones: 0.05,
}

/** Share of pictures with a second, smaller thing at the edge, of which no caption speaks. */
const ACCOMPANIED = 0.12

/** Concepts that share a tag, as far as there are two or more. */
function conceptsByTag(concepts: readonly SeenConcept[]): Map<string, readonly number[]> {
  const found = new Map<string, number[]>()
  for (const [i, { tags }] of concepts.entries()) {
    for (const tag of tags) found.set(tag, [...(found.get(tag) ?? []), i])
  }
  return new Map([...found].filter(([, list]) => list.length > 1))
}

interface Caption {
  readonly text: string
  /** Concepts that it is true of. */
  readonly fits: readonly number[]
}

/** Pairs from concepts and their drawings: every caption describes two pictures of a batch, by two artists if there are. */
export function emojiPairs(
  concepts: readonly SeenConcept[],
  {
    seed,
    batch,
    texts,
    style = pretrainingStyle,
  }: { seed: number; batch: number; texts: number; style?: SceneStyle },
): (step: number, side: number) => PairBatch {
  const byTag = conceptsByTag(concepts)
  const caption = (index: number, random: RandomStream): Caption => {
    const { name, tags } = concepts[index]!
    const shared = tags.filter((tag) => byTag.has(tag))
    const draw = random.uniform()
    const tag = shared.length > 0 ? shared[random.integer(shared.length)]! : undefined
    const words = tag === undefined || draw < 0.84 ? name : draw < 0.92 ? tag : `${name}, ${tag}`
    const dressed = random.uniform()
    const template =
      dressed < 0.1
        ? '{}'
        : dressed < 0.5
          ? photoTemplate
          : clipTemplates[random.integer(clipTemplates.length)]!
    return { text: fillTemplate(template, words), fits: words === tag ? byTag.get(tag)! : [index] }
  }
  return (step, side) => {
    const random = randomStream(seed, 'pairs', step)
    const shown = random.shuffle(concepts.map((_, i) => i)).slice(0, texts)
    const captions = shown.map((index) => caption(index, random))
    const orders = shown.map((index) => random.shuffle(concepts[index]!.sprites))
    const of = Array.from({ length: batch }, (_, i) => shown[i % texts]!)
    const images = of.map((_, i) => {
      const sprites = orders[i % texts]!
      const actors: Actor[] = [{ sprite: sprites[Math.floor(i / texts) % sprites.length]! }]
      if (random.uniform() < ACCOMPANIED) {
        const other = concepts[random.integer(concepts.length)]!.sprites
        const [x, y] = [random.uniform() < 0.5 ? 0.1 : 0.9, random.uniform()]
        actors.unshift({
          sprite: other[random.integer(other.length)]!,
          size: [0.25, 0.45],
          at: random.uniform() < 0.5 ? [x, y] : [y, x],
        })
      }
      return drawScene(actors, style, random, side)
    })
    const count = concepts.length
    const imageThings = new Float32Array(batch * count)
    for (const [i, index] of of.entries()) imageThings[i * count + index] = 1
    const textThings = new Float32Array(texts * count)
    for (const [j, { fits }] of captions.entries())
      for (const index of fits) textThings[j * count + index] = 1 / fits.length
    return {
      images,
      captions: captions.map(({ text }) => text),
      targets: shares(batch, texts, (i, j) => captions[j]!.fits.includes(of[i]!)),
      targetsT: shares(texts, batch, (j, i) => captions[j]!.fits.includes(of[i]!)),
      imageThings,
      textThings,
    }
  }
}

/** Rows that give equal shares to what fits, summing to 1; at least one must fit. */
export function shares(
  rows: number,
  columns: number,
  fits: (row: number, column: number) => boolean,
): Float32Array {
  const result = new Float32Array(rows * columns)
  for (let i = 0; i < rows; i++) {
    const row = result.subarray(i * columns, (i + 1) * columns)
    for (let j = 0; j < columns; j++) if (fits(i, j)) row[j] = 1
    const total = row.reduce((a, b) => a + b, 0)
    for (let j = 0; j < columns; j++) row[j]! /= total
  }
  return result
}

/** Texts from which the vocabulary is learned. */
export function emojiCorpus(concepts: readonly SeenConcept[]): string[] {
  const tags = [...conceptsByTag(concepts).keys()]
  const templated = clipTemplates.map((template) => fillTemplate(template, 'thing'))
  return concepts.flatMap(({ name }) => [name, name]).concat(tags, templated)
}
