import { describe, expect, it } from 'vitest'
import { type RgbImage, resize } from '../image/resize.js'
import { randomStream } from '../random.js'
import { pictureFacts } from './picture-facts.js'
import { comparable, sameness } from './same-picture.js'

/** Soft blots of colour on a ground, another picture for each seed. */
function blots(seed: number): RgbImage {
  const random = randomStream(seed, 'blots')
  const blot = Array.from({ length: 14 }, () => ({
    x: random.uniform(),
    y: random.uniform(),
    size: 0.05 + 0.15 * random.uniform(),
    colour: [0, 1, 2].map(() => 200 * (random.uniform() - 0.5)),
  }))
  const side = 96
  const data = new Uint8ClampedArray(side * side * 3)
  for (let i = 0; i < side * side; i++) {
    const [x, y] = [(i % side) / side, Math.floor(i / side) / side]
    for (let c = 0; c < 3; c++) {
      data[3 * i + c] = blot.reduce(
        (sum, b) => sum + b.colour[c]! * Math.exp(-((x - b.x) ** 2 + (y - b.y) ** 2) / b.size ** 2),
        128,
      )
    }
  }
  return { width: side, height: side, data: new Uint8Array(data.buffer) }
}
const ready = (image: RgbImage) => comparable(pictureFacts(image).thumbnail)
const changed = (image: RgbImage, change: (value: number, i: number) => number): RgbImage => ({
  ...image,
  data: new Uint8Array(new Uint8ClampedArray(Array.from(image.data, change)).buffer),
})

const picture = blots(1)

describe('two pictures', () => {
  it('are wholly alike where they are the same, or differ in size alone', () => {
    expect(sameness(ready(picture), ready(picture))).toEqual({
      fit: expect.closeTo(1, 5),
      detail: expect.closeTo(1, 5),
    })
    expect(sameness(ready(picture), ready(resize(picture, 61, 47))).fit).toBeGreaterThan(0.99)
  })

  it.each([
    ['with less contrast', changed(picture, (value) => 128 + 0.8 * (value - 128))],
    ['with noise', changed(picture, (value, i) => value + ((i * 37) % 21) - 10)],
    ['cropped', resize(picture, 60, 66, { crop: { left: 20, top: 9, width: 60, height: 66 } })],
    ['cropped at one side', resize(picture, 60, 96, { crop: { left: 0, top: 0, width: 60, height: 96 } })],
  ])('are alike, one of them %s, whichever comes first', (_, other) => {
    for (const { fit, detail } of [
      sameness(ready(picture), ready(other)),
      sameness(ready(other), ready(picture)),
    ]) {
      expect(fit).toBeGreaterThan(0.978)
      expect(detail).toBeGreaterThan(0.8)
    }
  })

  it('are not alike where they show other things', () => {
    for (let seed = 2; seed < 12; seed++) {
      const { fit, detail } = sameness(ready(picture), ready(blots(seed)))
      expect(fit < 0.94 || detail < 0.65).toBe(true)
    }
  })

  it('are not alike in other colours', () => {
    const square = (colour: readonly number[]): RgbImage => ({
      width: 40,
      height: 40,
      data: Uint8Array.from({ length: 4800 }, (_, i) => {
        const pixel = Math.floor(i / 3)
        const inside = pixel % 40 > 8 && pixel % 40 < 30 && pixel > 320 && pixel < 1200
        return inside ? colour[i % 3]! : 128
      }),
    })
    const [red, blue] = [ready(square([220, 40, 40])), ready(square([30, 60, 220]))]
    expect(sameness(red, blue).fit).toBeLessThan(0.9)
    expect(sameness(red, red).fit).toBeCloseTo(1)
  })

  it('without any detail are alike where their colours are', () => {
    const plain = (value: number): RgbImage => ({
      width: 40,
      height: 40,
      data: new Uint8Array(4800).fill(value),
    })
    expect(sameness(ready(plain(90)), ready(plain(92))).fit).toBe(1)
    expect(sameness(ready(plain(90)), ready(plain(150))).fit).toBe(0)
  })
})
