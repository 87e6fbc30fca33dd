import { describe, expect, it } from 'vitest'
import { heatColours, heatMap, whereStrongest } from './heat-map.js'

const picture = (side: number, value: number) => ({
  width: side,
  height: side,
  data: new Uint8Array(3 * side * side).fill(value),
})
const pixel = ({ data, width }: ReturnType<typeof heatMap>, x: number, y: number) =>
  [...data.subarray(3 * (y * width + x))].slice(0, 3)

describe('a heat map', () => {
  it('tints every pixel by its patch', () => {
    const map = heatMap(picture(4, 100), { values: [0, 1, 2, 3], side: 2, range: [0, 3] })
    const tint = (colour: readonly number[]) => colour.map((c) => Math.round(0.7 * c + 30))
    expect(pixel(map, 0, 0)).toEqual(tint(heatColours[0]))
    expect(pixel(map, 1, 1)).toEqual(tint(heatColours[0]))
    expect(pixel(map, 3, 3)).toEqual(tint(heatColours[4]))
    expect(pixel(map, 2, 0)).not.toEqual(pixel(map, 1, 0))
    expect(pixel(map, 2, 0)).toEqual(pixel(map, 3, 1))
  })

  it('grows lighter with the value', () => {
    const values = Array.from({ length: 16 }, (_, i) => i)
    const { data } = heatMap(picture(4, 0), { values, side: 4, range: [0, 15] })
    const light = values.map(
      (i) => 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!,
    )
    expect(light).toEqual([...light].sort((a, b) => a - b))
    expect(new Set(light).size).toBe(16)
  })

  it('keeps the picture in grey underneath', () => {
    const image = picture(2, 0)
    image.data.set([255, 0, 0])
    const map = heatMap(image, { values: [1], side: 1, range: [0, 2] })
    const step = pixel(map, 0, 0).map((value, c) => value - pixel(map, 1, 1)[c]!)
    for (const difference of step) expect(Math.abs(difference - 0.3 * 0.299 * 255)).toBeLessThanOrEqual(1)
  })

  it('is even where all values are equal', () => {
    const { data } = heatMap(picture(2, 9), { values: [1, 1, 1, 1], side: 2, range: [1, 1] })
    expect(new Set(Array.from({ length: 4 }, (_, i) => data.subarray(3 * i, 3 * i + 3).join())).size).toBe(1)
  })
})

it.each([
  [0, 'upper left'],
  [2, 'upper'],
  [12, 'centre'],
  [14, 'right'],
  [24, 'lower right'],
])('the strongest of 5 x 5 patches at %i is at the %s', (place, words) => {
  const values = new Float64Array(25)
  values[place] = 1
  expect(whereStrongest({ values, side: 5 })).toBe(words)
})
