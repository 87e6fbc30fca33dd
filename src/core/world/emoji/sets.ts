import type { ArtStyle } from './art.js'
import { pools } from './pools.js'
import type { SceneStyle } from './scene.js'

/** Kinds of thing, each a data set of its own. */
export type EmojiKind = 'food' | 'office' | 'sky' | 'play' | 'animals' | 'transport' | 'wear' | 'stage'

/** Where a set's pictures come from. */
export interface EmojiSet {
  /** What its pictures are, for readers. */
  readonly summary: string
  /** The pool that its classes are drawn from: a kind of thing, or the broad source. */
  readonly pool: EmojiKind | 'source'
  /** Classes of a draw. */
  readonly classes: number
  /** Test pictures a class. */
  readonly testImages: number
  /**
   * Whether training and test share drawings (`mixed`: new scene, pose, tone, background) or not (`disjoint`: other artists).
   * `variant`: pictures of the source's classes in other art styles.
   */
  readonly shift: 'mixed' | 'disjoint' | 'variant'
  /** Art styles of the drawings, where not all of a concept's. */
  readonly artStyles?: readonly ArtStyle[] | undefined
  readonly style: SceneStyle
  /** The zero-shot baseline's template, with `{}` for the class name. */
  readonly template: string
}

const photo = 'a photo of a {}.'

/** Scenes that all sets have in common; each adds a ground, a veil and faults of its own. */
const scene: SceneStyle = {
  size: [0.5, 0.95],
  shift: 0.12,
  rotation: 20,
  shear: 0.08,
  flip: 0.3,
  hue: 12,
  saturation: [0.5, 1.1],
  contrast: [0.6, 1.1],
  brightness: 0.1,
  ground: { hue: 0, spread: 180, saturation: 0.7 },
  gradient: 0.3,
  blotches: 0.4,
  veil: { colour: [0.6, 0.6, 0.6], opacity: 0.3 },
  noise: 0.1,
  blur: 1,
  poor: 0.7,
  box: 0.1,
  lines: 0,
  tones: 0,
}

const ground = (hue: number, spread: number, saturation = 0.7) => ({ hue, spread, saturation })
const veil = (red: number, green: number, blue: number, opacity: number) => ({
  colour: [red, green, blue] as const,
  opacity,
})

/** What sets a kind's pictures apart. */
const looks: Readonly<Record<EmojiKind, { readonly summary: string; readonly style: SceneStyle }>> = {
  food: {
    summary: 'food and drink in warm light',
    style: { ...scene, ground: ground(30, 35), veil: veil(0.9, 0.6, 0.3, 0.35) },
  },
  office: {
    summary: 'papers and machines under a grey veil, tilted',
    style: {
      ...scene,
      rotation: 35,
      saturation: [0.3, 0.9],
      ground: ground(40, 30, 0.4),
      veil: veil(0.6, 0.6, 0.65, 0.45),
    },
  },
  sky: {
    summary: 'weather, moons and landscapes, grainy and colourful',
    style: {
      ...scene,
      noise: 0.16,
      blotches: 0.6,
      ground: ground(0, 180, 1),
      veil: veil(0.5, 0.6, 0.8, 0.3),
    },
  },
  play: {
    summary: 'sports, games and feasts in the light of a stage',
    style: { ...scene, contrast: [0.5, 1], ground: ground(300, 60, 0.9), veil: veil(0.7, 0.3, 0.7, 0.35) },
  },
  animals: {
    summary: 'animals in the green, often out of focus',
    style: { ...scene, blur: 2, ground: ground(110, 40), veil: veil(0.3, 0.5, 0.2, 0.35) },
  },
  transport: {
    summary: 'vehicles and their signs, small, in haze',
    style: {
      ...scene,
      size: [0.4, 0.8],
      contrast: [0.5, 0.9],
      ground: ground(210, 30, 0.5),
      veil: veil(0.75, 0.78, 0.8, 0.4),
    },
  },
  wear: {
    summary: 'clothes, bags and jewellery, turned, in pale light',
    style: {
      ...scene,
      rotation: 40,
      saturation: [0.4, 0.9],
      ground: ground(20, 60, 0.4),
      veil: veil(0.9, 0.85, 0.8, 0.35),
    },
  },
  stage: {
    summary: 'music, film and art in the dark',
    style: {
      ...scene,
      brightness: 0.15,
      noise: 0.14,
      ground: ground(260, 50, 0.6),
      veil: veil(0.1, 0.08, 0.2, 0.45),
    },
  },
}

const CLASSES = 24
const SOURCE_CLASSES = 120

const ofKind = ([kind, { summary, style }]: [string, (typeof looks)[EmojiKind]]): [string, EmojiSet][] => {
  const common = { pool: kind as EmojiKind, classes: CLASSES, testImages: 20, style, template: photo }
  return [
    [`emoji-${kind}`, { ...common, summary, shift: 'mixed' }],
    [
      `emoji-${kind}-disjoint`,
      { ...common, summary: `${summary}; tested on drawings of other artists`, shift: 'disjoint' },
    ],
  ]
}

const source = {
  pool: 'source',
  classes: SOURCE_CLASSES,
  testImages: 10,
  style: scene,
  template: photo,
} as const

/** The data sets of the emoji world by name, each for any draw (`emoji-food@3`). */
export const emojiSets: Readonly<Record<string, EmojiSet>> = Object.fromEntries<EmojiSet>([
  ...Object.entries(looks).flatMap(ofKind),
  [
    'emoji-source',
    {
      ...source,
      summary: 'a broad list of things, drawn by one artist',
      shift: 'mixed',
      artStyles: ['twemoji'],
    },
  ],
  [
    'emoji-source-v2',
    {
      ...source,
      summary: 'the classes of emoji-source pictured anew in worse conditions',
      shift: 'variant',
      artStyles: ['twemoji'],
      style: { ...scene, rotation: 30, noise: 0.15, blur: 2, contrast: [0.5, 1] },
    },
  ],
  [
    'emoji-source-sketch',
    {
      ...source,
      summary: 'its classes as lines on paper',
      shift: 'variant',
      style: { ...scene, lines: 1 },
      template: 'a sketch of a {}.',
    },
  ],
  [
    'emoji-source-flat',
    {
      ...source,
      summary: 'its classes by another artist, in flat colours',
      shift: 'variant',
      artStyles: ['fluent-flat'],
    },
  ],
  [
    'emoji-source-shaded',
    {
      ...source,
      summary: 'its classes by another artist, modelled in light',
      shift: 'variant',
      artStyles: ['fluent'],
    },
  ],
])

/** Concepts that a set may draw, with the art styles of their drawings. */
export const poolOf = ({ pool, artStyles }: EmojiSet): ReadonlyMap<string, readonly ArtStyle[]> =>
  new Map(
    [...pools[pool]!]
      .map(([name, styles]): [string, readonly ArtStyle[]] => [
        name,
        artStyles ? styles.filter((style) => artStyles.includes(style)) : styles,
      ])
      .filter(([, styles]) => styles.length > 0),
  )
