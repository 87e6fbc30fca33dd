import { clean, type Style, styles } from './style.js'

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

/**
 * Classes of the default set. The first half is base, the second novel: other combinations of mostly the same words,
 * with neighbours that differ in one word alone in both halves.
 */
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

/** Swimmers, shells and floats: few shapes, which fins and stripes tell apart. */
const pondClasses = [
  'striped orange triangle',
  'striped yellow triangle',
  'plain cyan drop',
  'dotted cyan drop',
  'dotted pink star',
  'zigzag pink star',
  'plain purple star',
  'plain purple crescent',
  'checkered orange crescent',
  'zigzag orange triangle',
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
  'striped green square',
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
  'striped green square',
  'zigzag green square',
  'striped yellow square',
  'dotted green circle',
  'plain red arrow',
  'plain red cross',
  'plain cyan ring',
  'plain blue ring',
  'dotted green square',
  'striped green circle',
  'checkered yellow square',
  'checkered pink square',
  'plain pink cross',
  'plain pink arrow',
]

/** Every second class, so that base and novel ones of the whole list are among them. */
const everySecond = toyClasses.filter((_, i) => i % 2 === 0)

/** Two of every three classes. */
const twoOfThree = toyClasses.filter((_, i) => i % 3 !== 1)

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
    style: { ...clean, look: 0.8, rotation: 30, blur: 2, depth: 0.15, haze: 0.2, noise: 0.04, texture: 0.4 },
    template: 'a blurry photo of a {}.',
    testImages: 50,
  },
  'toy-mosaic': {
    summary: 'classes of its own, laid of faded tiles',
    classNames: mosaicClasses,
    style: { ...clean, look: 0.6, tiles: 4, fade: 0.3 },
    template: 'a pixelated photo of a {}.',
    testImages: 50,
  },
  'toy-aerial': {
    summary: 'classes of its own, small and turned any way, on blotchy ground',
    classNames: aerialClasses,
    style: { ...clean, look: 0.4, distance: 0.35, rotation: 180, texture: 0.5, clutter: 1 },
    template: 'a photo of a small {}.',
    testImages: 50,
  },
  'toy-v2': {
    summary: 'the classes of toy pictured anew in slightly worse conditions',
    classNames: toyClasses,
    style: { ...styles.field, rotation: 25, noise: 0.15 },
    template: photo,
    testImages: 40,
  },
  'toy-sketch': {
    summary: 'the classes of toy as sketches on paper',
    classNames: toyClasses,
    style: { ...clean, look: 0.5, sketch: 0.57 },
    template: 'a sketch of a {}.',
    testImages: 40,
  },
  'toy-a': {
    summary: '12 classes of toy, half hidden among other things and in surroundings that tell nothing',
    classNames: everySecond,
    style: { ...clean, rotation: 60, clutter: 4, texture: 0.6, bars: 2 },
    template: photo,
    testImages: 40,
  },
  'toy-r': {
    summary: '16 classes of toy rendered in other, paler colours',
    classNames: twoOfThree,
    style: { ...clean, look: 0.5, hue: -32, fade: 0.4 },
    template: 'a rendition of a {}.',
    testImages: 40,
  },
}
