/** A decoded picture with transparency: 8-bit red, green, blue, alpha (not premultiplied), rows top to bottom. */
export interface RgbaImage {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array | Uint8ClampedArray
}

/** One size of a sprite: premultiplied RGBA, side x side. */
export interface SpriteLevel {
  readonly side: number
  readonly data: Uint8ClampedArray
}

/** A drawing that can be put into scenes. */
export interface Sprite {
  /** Full size, half, quarter. */
  readonly levels: readonly SpriteLevel[]
  /** Centre of what is drawn, as parts of the side. */
  readonly centre: readonly [x: number, y: number]
  /** Longest side of what is drawn, as a part of the sprite's side. */
  readonly extent: number
}

/** From this on a pixel counts as drawn. */
const VISIBLE = 24

/** Prepares a square drawing of a side that is a multiple of 4. */
export function spriteOf({ width: side, data }: RgbaImage): Sprite {
  const full = new Uint8ClampedArray(side * side * 4)
  let [left, right, top, bottom] = [side, -1, side, -1]
  for (let i = 0; i < side * side; i++) {
    const alpha = data[i * 4 + 3]!
    full[i * 4 + 3] = alpha
    for (let c = 0; c < 3; c++) full[i * 4 + c] = (data[i * 4 + c]! * alpha) / 255
    if (alpha < VISIBLE) continue
    const x = i % side
    const y = (i - x) / side
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  const empty = right < 0
  return withLevels(
    { side, data: full },
    empty ? [0.5, 0.5] : [(left + right + 1) / 2 / side, (top + bottom + 1) / 2 / side],
    empty ? 1 : Math.max(right - left + 1, bottom - top + 1) / side,
  )
}

function withLevels(full: SpriteLevel, centre: Sprite['centre'], extent: number): Sprite {
  const half = halved(full)
  return { levels: [full, half, halved(half)], centre, extent }
}

function halved({ side, data }: SpriteLevel): SpriteLevel {
  const half = side / 2
  const result = new Uint8ClampedArray(half * half * 4)
  for (let y = 0; y < half; y++) {
    for (let x = 0; x < half; x++) {
      for (let c = 0; c < 4; c++) {
        const at = (2 * y * side + 2 * x) * 4 + c
        result[(y * half + x) * 4 + c] =
          (data[at]! + data[at + 4]! + data[at + side * 4]! + data[at + side * 4 + 4]!) / 4
      }
    }
  }
  return { side: half, data: result }
}

/** A drawing as lines on its paper: dark where brightness or outline change, white within. */
export function lineArt({ levels, centre, extent }: Sprite): Sprite {
  const { side, data } = levels[0]!
  const light = new Float32Array(side * side)
  for (let i = 0; i < light.length; i++) {
    // On black and on white at once, so that an outline is one against any background.
    light[i] = 0.3 * data[i * 4]! + 0.59 * data[i * 4 + 1]! + 0.11 * data[i * 4 + 2]! + 0.6 * data[i * 4 + 3]!
  }
  const result = new Uint8ClampedArray(data.length)
  const value = (x: number, y: number) =>
    light[Math.max(0, Math.min(side - 1, y)) * side + Math.max(0, Math.min(side - 1, x))]!
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const across = value(x + 1, y) - value(x - 1, y)
      const down = value(x, y + 1) - value(x, y - 1)
      const ink = Math.min(1, Math.hypot(across, down) / 110)
      const at = (y * side + x) * 4
      const alpha = Math.max(data[at + 3]!, 255 * ink)
      result[at + 3] = alpha
      for (let c = 0; c < 3; c++) result[at + c] = alpha * (1 - 0.9 * ink)
    }
  }
  return withLevels({ side, data: result }, centre, extent)
}
