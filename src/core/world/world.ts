/** Words of the toy world; each names what is drawn. */
export const shapes = [
  'circle',
  'square',
  'triangle',
  'star',
  'heart',
  'cross',
  'ring',
  'crescent',
  'diamond',
  'hexagon',
  'arrow',
  'drop',
] as const

/** Colours with their hue in degrees, saturation and lightness. */
export const colours = {
  red: [0, 0.85, 0.48],
  orange: [28, 0.95, 0.52],
  yellow: [52, 0.95, 0.52],
  green: [125, 0.65, 0.38],
  cyan: [182, 0.8, 0.5],
  blue: [222, 0.8, 0.48],
  purple: [275, 0.65, 0.45],
  pink: [325, 0.85, 0.7],
} as const satisfies Record<string, readonly [number, number, number]>

/** How a shape is filled. */
export const patterns = ['plain', 'striped', 'dotted', 'checkered', 'zigzag'] as const

export type Shape = (typeof shapes)[number]
export type Colour = keyof typeof colours
export type Pattern = (typeof patterns)[number]

/** An object of the toy world. */
export interface ToyObject {
  readonly pattern: Pattern
  readonly colour: Colour
  readonly shape: Shape
}

export const colourNames = Object.keys(colours) as Colour[]

/** The object's name: "striped red triangle". */
export const nameOf = ({ pattern, colour, shape }: ToyObject): string => `${pattern} ${colour} ${shape}`

/** The object of a name. Throws RangeError when a word is unknown. */
export function objectNamed(name: string): ToyObject {
  const [pattern, colour, shape] = name.split(' ')
  const object = { pattern, colour, shape } as ToyObject
  const known =
    patterns.includes(object.pattern) && colourNames.includes(object.colour) && shapes.includes(object.shape)
  if (!known || nameOf(object) !== name) throw new RangeError(`no object "${name}" in the toy world`)
  return object
}
