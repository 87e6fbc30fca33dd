import { describe, expect, it } from 'vitest'
import type { RgbImage } from '../image/resize.js'
import { pictureFacts, THUMBNAIL } from './picture-facts.js'
import { poorPicture } from './poor-picture.js'

function drawn(width: number, height: number, grey: (x: number, y: number) => number): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) data.fill(grey(x, y), (y * width + x) * 3, (y * width + x) * 3 + 3)
  return { width, height, data }
}
const chequered = (width: number, height: number, square: number, dark = 40, bright = 220) =>
  drawn(width, height, (x, y) => ((Math.floor(x / square) + Math.floor(y / square)) % 2 ? dark : bright))
const usual = { resolution: 224, sharpness: 1000 }

describe('facts of a picture', () => {
  it('squeeze it into a thumbnail of area means, whatever its shape', () => {
    for (const [width, height] of [
      [640, 64],
      [64, 128],
      [8, 8],
      [1, 1],
    ] as const) {
      const { thumbnail } = pictureFacts(drawn(width, height, (x) => (x < width / 2 ? 10 : 200)))
      expect(thumbnail).toHaveLength(THUMBNAIL * THUMBNAIL * 3)
      expect([thumbnail[0], thumbnail.at(-1)]).toEqual(width === 1 ? [10, 10] : [10, 200])
    }
  })

  it('tell brightness by shares of the pixels', () => {
    const { brightness } = pictureFacts(drawn(100, 100, (x) => x))
    expect(brightness[5]).toBeCloseTo(5, 0)
    expect(brightness[50]).toBeCloseTo(50, 0)
    expect(brightness[95]).toBeCloseTo(94, 0)
  })

  it('find edges of a sharp picture, and none where brightness only grows', () => {
    expect(pictureFacts(chequered(128, 128, 8)).sharpness).toBeGreaterThan(1000)
    expect(pictureFacts(drawn(128, 128, (x) => x)).sharpness).toBeCloseTo(0)
    expect(pictureFacts(drawn(2, 2, () => 9)).sharpness).toBe(0)
  })
})

describe('a poor picture', () => {
  it.each([
    ['tiny', chequered(55, 300, 4)],
    ['dark', chequered(100, 100, 8, 0, 44)],
    ['overexposed', chequered(100, 100, 8, 241, 255)],
    ['blurred', drawn(200, 200, (x) => 30 + x)],
  ] as const)('is %s', (kind, image) => {
    expect(poorPicture(pictureFacts(image), usual)).toMatchObject({ kind, detail: expect.any(String) })
  })

  it('is none of that where it is as others, or where others have no edges either', () => {
    expect(poorPicture(pictureFacts(chequered(100, 100, 8)), usual)).toBeUndefined()
    const smooth = pictureFacts(drawn(200, 200, (x) => 30 + x))
    expect(poorPicture(smooth, { ...usual, sharpness: smooth.sharpness })).toBeUndefined()
  })

  it('may be as small as the model looks at', () => {
    expect(poorPicture(pictureFacts(chequered(32, 32, 4)), { ...usual, resolution: 64 })).toBeUndefined()
    expect(poorPicture(pictureFacts(chequered(32, 32, 4)), usual)).toMatchObject({ kind: 'tiny' })
  })
})
