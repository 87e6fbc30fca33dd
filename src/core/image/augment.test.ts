import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  goldenPixels,
  identical,
  pixelDifference,
  preprocessPath,
} from '../../../test/support/golden-pixels.js'
import { decodeImage } from '../../node/data/decode.js'
import { randomStream } from '../random.js'
import { cropResizeFlip, randomCrop, trainTransform } from './augment.js'
import { clipPreprocessing } from './preprocess.js'

interface ResizedCrop {
  key: string
  file: string
  i: number
  j: number
  h: number
  w: number
  size: number
  hflip: boolean
}

describe('cropResizeFlip', () => {
  const tensors = goldenPixels('resized_crop_u8')
  const { resized_crops } = JSON.parse(readFileSync(preprocessPath('preprocess.json'), 'utf8')) as {
    resized_crops: ResizedCrop[]
  }

  it.each(resized_crops)(
    'gives the reference pixels of $key',
    async ({ key, file, i, j, h, w, size, hflip }) => {
      const image = await decodeImage(preprocessPath(file))
      const box = { left: j, top: i, width: w, height: h }
      expect(
        pixelDifference(cropResizeFlip(image, box, clipPreprocessing(size), hflip), tensors.get(key)!.bytes),
      ).toEqual(identical)
    },
  )
})

describe('randomCrop', () => {
  it('lies within the image, with its share of the area and its ratio up to rounding', () => {
    const side = fc.integer({ min: 40, max: 2000 })
    fc.assert(
      fc.property(side, side, fc.nat(), (width, height, seed) => {
        fc.pre(width / height < 4 / 3 && width / height > 3 / 4)
        const box = randomCrop(width, height, randomStream(seed))
        expect(box.left).toBeGreaterThanOrEqual(0)
        expect(box.top).toBeGreaterThanOrEqual(0)
        expect(box.left + box.width).toBeLessThanOrEqual(width)
        expect(box.top + box.height).toBeLessThanOrEqual(height)
        const slack = 1 / Math.min(box.width, box.height)
        expect((box.width * box.height) / (width * height)).toBeGreaterThan(0.08 * (1 - slack) ** 2)
        expect(box.width / box.height).toBeGreaterThan((3 / 4) * (1 - slack))
        expect(box.width / box.height).toBeLessThan((4 / 3) * (1 + slack))
      }),
    )
  })

  it('draws areas uniformly and ratios evenly about 1', () => {
    const boxes = Array.from({ length: 4000 }, (_, i) => randomCrop(300, 300, randomStream(5, i)))
    const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
    const logRatio = mean(boxes.map(({ width, height }) => Math.log(width / height)))
    expect(Math.abs(logRatio)).toBeLessThan(0.02)
    const below = boxes.filter(({ width, height }) => width * height < 0.31 * 300 * 300).length / boxes.length
    // A quarter of 0.08 to 1 lies below 0.31; large areas that do not fit are drawn again.
    expect(below).toBeGreaterThan(0.23)
    expect(below).toBeLessThan(0.31)
  })

  it.each([
    [2000, 10, { left: 993, top: 0, width: 13, height: 10 }],
    [9, 600, { left: 0, top: 294, width: 9, height: 12 }],
  ])('falls back to a central crop of %d x %d', (width, height, expected) => {
    expect(randomCrop(width, height, randomStream(1))).toEqual(expected)
  })
})

describe('trainTransform', () => {
  const image = {
    width: 50,
    height: 40,
    data: Uint8Array.from({ length: 50 * 40 * 3 }, (_, i) => (i * 31) % 256),
  }

  it('depends on the stream alone', () => {
    const first = trainTransform(image, clipPreprocessing(16), randomStream(3, 'augment', 0, 7))
    expect(trainTransform(image, clipPreprocessing(16), randomStream(3, 'augment', 0, 7))).toEqual(first)
    expect(trainTransform(image, clipPreprocessing(16), randomStream(3, 'augment', 1, 7))).not.toEqual(first)
  })

  it('flips half of the images', () => {
    const ramp = {
      width: 64,
      height: 64,
      data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => Math.floor(i / 3) % 64),
    }
    const flipped = Array.from({ length: 1000 }, (_, i) =>
      trainTransform(ramp, clipPreprocessing(4), randomStream(1, i)),
    ).filter((pixels) => pixels[0]! > pixels[9]!)
    expect(flipped.length).toBeGreaterThan(440)
    expect(flipped.length).toBeLessThan(560)
  })
})
