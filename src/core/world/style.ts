/** How a picture departs from the clean style; every strength is 0 there. */
export interface Style {
  /** Largest rotation to either side, in degrees. */
  readonly rotation: number
  /** Standard deviation of pixel noise, in parts of full scale. */
  readonly noise: number
  /** Passes of a 3 x 3 box blur. */
  readonly blur: number
  /** Rotation of all hues, in degrees. */
  readonly hue: number
  /** Loss of saturation, 0 to 1. */
  readonly fade: number
  /** Small grey shapes beside the object. */
  readonly clutter: number
  /** Strength of a blotchy background, 0 to 1. */
  readonly texture: number
  /** How far the fill gives way to paper, leaving an outline: 0 to 1. */
  readonly sketch: number
  /** Loss of contrast, 0 to 1. */
  readonly haze: number
  /** How far every class has a look of its own (hue, proportions, tilt, surroundings): 0 to 1. */
  readonly look: number
  /** How far objects shrink with distance, 0 to 1. */
  readonly distance: number
  /** Grey bars in front of the object. */
  readonly bars: number
  /** Side of the tiles of one colour that the picture is laid of, in pixels; 0 for none. It divides the picture's side. */
  readonly tiles: number
  /** Loss of red light, as under water: 0 to 1. */
  readonly depth: number
}

/** The style of the pictures that the tiny model is pre-trained on. */
export const clean: Style = {
  rotation: 12,
  noise: 0,
  blur: 0,
  hue: 0,
  fade: 0,
  clutter: 0,
  texture: 0,
  sketch: 0,
  haze: 0,
  look: 0,
  distance: 0,
  bars: 0,
  tiles: 0,
  depth: 0,
}

/** The styles that pre-training mixes in, and `field`. Those of other downstream sets stand with the sets. */
export const styles = {
  clean,
  /**
   * The default downstream style: every class has a look of its own, in poor pictures. Like a real data set it holds
   * much that is true of its classes alone, which unregulated training takes for the rule.
   */
  field: {
    ...clean,
    look: 1,
    hue: 6,
    rotation: 20,
    noise: 0.14,
    blur: 1,
    fade: 0.3,
    clutter: 2,
    texture: 0.6,
    haze: 0.24,
  },
  noise: { ...clean, noise: 0.25 },
  blur: { ...clean, blur: 4 },
  palette: { ...clean, hue: 24, fade: 0.35 },
  rotation: { ...clean, rotation: 90 },
  clutter: { ...clean, clutter: 5, texture: 0.6 },
  sketch: { ...clean, sketch: 0.85 },
  haze: { ...clean, haze: 0.65, noise: 0.05 },
} as const satisfies Record<string, Style>

export type StyleName = keyof typeof styles
