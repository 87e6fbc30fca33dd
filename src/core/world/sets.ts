import { clean, type Style, styles } from './style.js'
import { colourNames, nameOf, patterns, shapes } from './world.js'

/** What a drawn data set shows, and how. */
export interface ToySet {
  /** What its pictures are, for readers. */
  readonly summary: string
  readonly classNames: readonly string[]
  readonly style: Style
  /** The zero-shot baseline's template, with `{}` for the class name. */
  readonly template: string
  /** Test pictures a class. */
  readonly testImages: number
}

// The first half of a list is base, the second novel: other combinations of mostly the same words. Lists share no class,
// but those of shifted variants with their source's.

/** Classes of the default set. */
const toyClasses = [
  'striped red circle',
  'dotted red circle',
  'checkered red hexagon',
  'plain orange diamond',
  'striped orange drop',
  'zigzag yellow star',
  'dotted green star',
  'checkered green square',
  'plain blue crescent',
  'zigzag blue ring',
  'striped purple heart',
  'dotted pink cross',
  'zigzag red hexagon',
  'plain orange drop',
  'checkered orange circle',
  'striped yellow square',
  'plain green triangle',
  'dotted cyan triangle',
  'checkered cyan ring',
  'striped blue crescent',
  'dotted purple diamond',
  'plain pink heart',
  'zigzag pink arrow',
  'checkered purple cross',
]

// In the next three lists nearly every class has a neighbour in its own half that differs in one word alone.

/** Swimmers, shells and floats. */
const pondClasses = [
  'striped orange triangle',
  'striped yellow triangle',
  'plain cyan drop',
  'dotted cyan drop',
  'plain pink star',
  'zigzag pink star',
  'plain purple star',
  'plain purple crescent',
  'checkered orange crescent',
  'zigzag orange crescent',
  'dotted blue drop',
  'dotted blue circle',
]

/** Ornaments that can be laid of tiles. */
const mosaicClasses = [
  'checkered red square',
  'checkered red diamond',
  'plain yellow hexagon',
  'striped yellow hexagon',
  'zigzag blue square',
  'zigzag purple square',
  'striped cyan diamond',
  'striped green diamond',
  'zigzag green diamond',
  'plain red hexagon',
  'plain orange hexagon',
  'checkered blue diamond',
  'zigzag yellow cross',
  'zigzag cyan cross',
]

/** Fields, pools and marks on the ground. */
const aerialClasses = [
  'plain blue circle',
  'plain cyan circle',
  'dotted green square',
  'zigzag green square',
  'zigzag yellow square',
  'dotted yellow circle',
  'plain red arrow',
  'plain red cross',
  'plain cyan ring',
  'plain blue ring',
  'plain green square',
  'plain green circle',
  'checkered yellow square',
  'checkered pink square',
  'striped pink cross',
  'striped pink arrow',
]

/** A broad list: every shape twice, in patterns and colours that take turns. */
const sourceClasses = shapes.flatMap((shape, i) =>
  [0, 1].map((k) =>
    nameOf({
      pattern: patterns[(i + 2 * k) % patterns.length]!,
      colour: colourNames[(3 * (i + k) + Math.floor(i / 8)) % colourNames.length]!,
      shape,
    }),
  ),
)

/** Pictures with a cast that turns all hues, and weak looks. */
const sourceStyle: Style = {
  ...clean,
  look: 0.3,
  hue: 20,
  fade: 0.3,
  rotation: 20,
  noise: 0.05,
  texture: 0.4,
}

const photo = 'a photo of a {}.'

/** The data sets of the toy world by name. */
export const toySets: Readonly<Record<string, ToySet>> = {
  toy: {
    summary: 'textured coloured shapes in poor pictures, every class with a look of its own',
    classNames: toyClasses,
    style: styles.field,
    template: photo,
    testImages: 50,
  },
  'toy-clean': {
    summary: 'the classes of toy in the style of pre-training',
    classNames: toyClasses,
    style: clean,
    template: photo,
    testImages: 50,
  },
  'toy-pond': {
    summary: 'classes of its own, out of focus under water, which swallows red light',
    classNames: pondClasses,
    style: { ...clean, look: 0.8, hue: 16, rotation: 30, blur: 2, depth: 0.12, haze: 0.2, texture: 0.4 },
    template: 'a blurry photo of a {}.',
    testImages: 50,
  },
  'toy-mosaic': {
    summary: 'classes of its own, laid of faded tiles',
    classNames: mosaicClasses,
    style: { ...clean, look: 0.6, hue: 20, tiles: 4, fade: 0.3 },
    template: 'a pixelated photo of a {}.',
    testImages: 50,
  },
  'toy-aerial': {
    summary: 'classes of its own, small and turned any way, on blotchy ground',
    classNames: aerialClasses,
    style: { ...clean, look: 0.4, hue: 16, distance: 0.3, rotation: 180, texture: 0.4 },
    template: 'a photo of a small {}.',
    testImages: 50,
  },
  'toy-source': {
    summary: 'a broad list of classes in a colour cast that all of them share, with weak looks of their own',
    classNames: sourceClasses,
    style: sourceStyle,
    template: photo,
    testImages: 40,
  },
  'toy-v2': {
    summary: 'the classes of toy-source pictured anew in slightly worse conditions',
    classNames: sourceClasses,
    style: { ...sourceStyle, rotation: 25, noise: 0.08, haze: 0.1 },
    template: photo,
    testImages: 40,
  },
  'toy-sketch': {
    summary: 'the classes of toy-source as sketches on paper',
    classNames: sourceClasses,
    style: { ...clean, look: 0.3, hue: 16, sketch: 0.55 },
    template: 'a sketch of a {}.',
    testImages: 40,
  },
  'toy-a': {
    summary: 'half of its classes, half hidden among other things in surroundings that tell nothing',
    classNames: sourceClasses.filter((_, i) => i % 4 < 2),
    style: { ...clean, hue: 16, rotation: 60, clutter: 4, texture: 0.6, bars: 2 },
    template: photo,
    testImages: 40,
  },
  'toy-r': {
    summary: 'two thirds of its classes, rendered in pale colours with a stronger cast',
    classNames: sourceClasses.filter((_, i) => i % 3 !== 1),
    style: { ...clean, look: 0.3, hue: 28, fade: 0.5 },
    template: 'a rendition of a {}.',
    testImages: 40,
  },
}
