import type { Shape } from './world.js'

/** Whether a point lies inside a shape drawn in the square -1..1; y points down. */
export type Inside = (x: number, y: number) => boolean

/** A polygon through its corners, by the even-odd rule. */
function polygon(corners: readonly (readonly [number, number])[]): Inside {
  return (x, y) => {
    let inside = false
    for (let i = 0, j = corners.length - 1; i < corners.length; j = i++) {
      const [xi, yi] = corners[i]!
      const [xj, yj] = corners[j]!
      if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside
    }
    return inside
  }
}

/** Corners on circles of the given radii in turn, the first at the top. */
function radial(count: number, radii: readonly number[]): Inside {
  return polygon(
    Array.from({ length: count }, (_, i): [number, number] => {
      const angle = (2 * Math.PI * i) / count - Math.PI / 2
      const radius = radii[i % radii.length]!
      return [radius * Math.cos(angle), radius * Math.sin(angle)]
    }),
  )
}

const disc =
  (cx: number, cy: number, radius: number): Inside =>
  (x, y) =>
    (x - cx) ** 2 + (y - cy) ** 2 <= radius * radius

/** The outline of every shape, filling about the same area. */
export const insideOf: Readonly<Record<Shape, Inside>> = {
  circle: disc(0, 0, 0.9),
  square: (x, y) => Math.abs(x) <= 0.78 && Math.abs(y) <= 0.78,
  triangle: polygon([
    [0, -0.95],
    [0.98, 0.8],
    [-0.98, 0.8],
  ]),
  star: radial(10, [1, 0.42]),
  heart: (x, y) => {
    const u = 1.15 * x
    const v = 0.1 - 1.15 * y
    return (u * u + v * v - 0.62) ** 3 - u * u * v * v * v * 1.6 <= 0
  },
  cross: (x, y) => Math.min(Math.abs(x), Math.abs(y)) <= 0.32 && Math.max(Math.abs(x), Math.abs(y)) <= 0.95,
  ring: (x, y) => {
    const r = x * x + y * y
    return r <= 0.9 && r >= 0.22
  },
  crescent: (x, y) => disc(0, 0, 0.95)(x, y) && !disc(0.48, -0.12, 0.75)(x, y),
  diamond: (x, y) => Math.abs(x) / 0.62 + Math.abs(y) <= 1,
  hexagon: radial(6, [0.95]),
  arrow: polygon([
    [0.98, 0],
    [0.15, -0.8],
    [0.15, -0.3],
    [-0.95, -0.3],
    [-0.95, 0.3],
    [0.15, 0.3],
    [0.15, 0.8],
  ]),
  drop: (x, y) =>
    y < 0.25 ? Math.abs(x) <= 0.62 * ((y + 1) / 1.25) ** 1.3 && y >= -1 : disc(0, 0.3, 0.64)(x, y),
}
