import { clipTemplates, fillTemplate, photoTemplate } from '../clip/templates.js'
import type { RandomStream } from '../random.js'
import type { Scene } from './render.js'
import type { StyleName } from './style.js'
import { colourNames, nameOf, patterns, shapes, type ToyObject } from './world.js'

/** A caption and the attributes that it mentions; those it leaves out fit any object. */
export interface Caption {
  readonly text: string
  readonly mentions: Partial<ToyObject>
}

/** What captions say of pictures that are not clean. */
const styleTemplates: Partial<Record<StyleName, readonly string[]>> = {
  noise: ['a bad photo of a {}.', 'a low resolution photo of the {}.', 'a jpeg corrupted photo of a {}.'],
  blur: ['a blurry photo of a {}.', 'a pixelated photo of the {}.', 'a photo of the hard to see {}.'],
  sketch: ['a sketch of a {}.', 'a drawing of the {}.', 'a doodle of a {}.'],
  rotation: ['a photo of the weird {}.', 'a photo of a cool {}.'],
  clutter: ['a photo of a dirty {}.', 'a photo of one {}.'],
  haze: ['a dark photo of a {}.', 'a bright photo of the {}.'],
}

/** Writes a caption of a scene: a template around a whole or partial description of the object. */
export function captionOf(
  object: ToyObject,
  scene: Pick<Scene, 'size' | 'background'>,
  style: StyleName,
  random: RandomStream,
): Caption {
  const { text, mentions } = describe(object, scene, random)
  const own = styleTemplates[style]
  const template =
    own && random.uniform() < 0.7
      ? own[random.integer(own.length)]!
      : random.uniform() < 0.4
        ? photoTemplate
        : clipTemplates[random.integer(clipTemplates.length)]!
  return { text: random.uniform() < 0.1 ? text : fillTemplate(template, text), mentions }
}

function describe(
  object: ToyObject,
  scene: Pick<Scene, 'size' | 'background'>,
  random: RandomStream,
): Caption {
  const { pattern, colour, shape } = object
  const draw = random.uniform()
  if (draw < 0.55) return { text: nameOf(object), mentions: object }
  if (draw < 0.7) return { text: `${colour} ${shape}`, mentions: { colour, shape } }
  if (draw < 0.8) return { text: `${pattern} ${shape}`, mentions: { pattern, shape } }
  if (draw < 0.86) return { text: shape, mentions: { shape } }
  if (draw < 0.92 && scene.size !== 'medium')
    return { text: `${scene.size} ${nameOf(object)}`, mentions: object }
  return { text: `${nameOf(object)} on a ${scene.background} background`, mentions: object }
}

/** Whether a caption is true of an object. */
export function fits({ mentions }: Caption, object: ToyObject): boolean {
  const { pattern = object.pattern, colour = object.colour, shape = object.shape } = mentions
  return pattern === object.pattern && colour === object.colour && shape === object.shape
}

/** Texts from which the tiny model's vocabulary is learned: every word of the world in every template. */
export function corpus(): string[] {
  const names = shapes.flatMap((shape, i) =>
    colourNames.map((colour, j) => nameOf({ pattern: patterns[(i + j) % patterns.length]!, colour, shape })),
  )
  const extras = ['small', 'large', 'on a dark background', 'on a light background', ...everydayWords]
  const templated = [...clipTemplates, ...Object.values(styleTemplates).flat()].map((t) =>
    fillTemplate(t, 'thing'),
  )
  return [...names, ...names, ...templated, ...extras]
}

/** Common words, so that classes from outside the toy world are not spelt letter by letter. */
const everydayWords = [
  'animal',
  'apple',
  'ball',
  'banana',
  'bear',
  'bicycle',
  'bird',
  'black',
  'boat',
  'book',
  'bottle',
  'box',
  'bread',
  'bridge',
  'brown',
  'bus',
  'cake',
  'camera',
  'car',
  'cat',
  'chair',
  'church',
  'city',
  'clock',
  'cloud',
  'coat',
  'cup',
  'desk',
  'dog',
  'door',
  'dress',
  'fish',
  'flag',
  'flower',
  'food',
  'forest',
  'fruit',
  'garden',
  'glass',
  'gold',
  'grass',
  'grey',
  'guitar',
  'hat',
  'horse',
  'house',
  'island',
  'jacket',
  'key',
  'kitchen',
  'lake',
  'lamp',
  'leaf',
  'line',
  'lion',
  'metal',
  'moon',
  'mountain',
  'orange',
  'paper',
  'park',
  'person',
  'pizza',
  'plane',
  'plant',
  'plate',
  'rabbit',
  'rectangle',
  'river',
  'road',
  'rock',
  'room',
  'rose',
  'sea',
  'ship',
  'shirt',
  'shoe',
  'silver',
  'snake',
  'snow',
  'spiral',
  'spoon',
  'street',
  'sun',
  'table',
  'tower',
  'train',
  'tree',
  'truck',
  'violin',
  'wall',
  'water',
  'white',
  'window',
  'wood',
]
