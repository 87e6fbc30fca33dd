import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  goldenPixels,
  identical,
  pixelDifference,
  preprocessPath,
} from '../../../test/support/golden-pixels.js'
import type { RgbImage } from './image.js'
import { type Box, resizeBicubic } from './resize.js'

const side = fc.integer({ min: 1, max: 40 })
const image = fc
  .tuple(side, side)
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data): RgbImage => ({ width, height, data })),
  )
const boxIn = (width: number, height: number): fc.Arbitrary<Box> =>
  fc.tuple(fc.integer({ min: 1, max: width }), fc.integer({ min: 1, max: height })).chain(([w, h]) =>
    fc.record({
      left: fc.integer({ min: 0, max: width - w }),
      top: fc.integer({ min: 0, max: height - h }),
      width: fc.constant(w),
      height: fc.constant(h),
    }),
  )

function cut({ width, data }: RgbImage, box: Box): RgbImage {
  const rows = Array.from({ length: box.height }, (_, y) => {
    const start = ((box.top + y) * width + box.left) * 3
    return Array.from(data.subarray(start, start + box.width * 3))
  })
  return { width: box.width, height: box.height, data: Uint8Array.from(rows.flat()) }
}

describe('resizeBicubic', () => {
  const tensors = goldenPixels('bicubic_resize_u8')
  const { bicubic_resize } = JSON.parse(readFileSync(preprocessPath('preprocess.json'), 'utf8')) as {
    bicubic_resize: { input: string; output: string; out_w: number; out_h: number }[]
  }

  it.each(bicubic_resize)('equals Pillow: $input to $out_w x $out_h', ({ input, output, out_w, out_h }) => {
    const { shape, bytes } = tensors.get(input)!
    const resized = resizeBicubic({ height: shape[0]!, width: shape[1]!, data: bytes }, out_w, out_h)
    expect([resized.width, resized.height]).toEqual([out_w, out_h])
    expect(pixelDifference(resized.data, tensors.get(output)!.bytes)).toEqual(identical)
  })

  it('leaves an image of the right size as it is', () => {
    fc.assert(
      fc.property(image, (source) => {
        expect(resizeBicubic(source, source.width, source.height).data).toEqual(source.data)
      }),
    )
  })

  it('keeps a constant image constant', () => {
    fc.assert(
      fc.property(side, side, side, side, fc.nat(255), (width, height, outWidth, outHeight, value) => {
        const source = { width, height, data: new Uint8Array(width * height * 3).fill(value) }
        const resized = resizeBicubic(source, outWidth, outHeight)
        expect(resized.data).toEqual(new Uint8Array(outWidth * outHeight * 3).fill(value))
      }),
    )
  })

  it('resizes a crop as if it had been cut out first', () => {
    const cropped = image.chain((source) => fc.tuple(fc.constant(source), boxIn(source.width, source.height)))
    fc.assert(
      fc.property(cropped, side, side, ([source, crop], width, height) => {
        const expected = resizeBicubic(cut(source, crop), width, height)
        expect(resizeBicubic(source, width, height, { crop })).toEqual(expected)
      }),
    )
  })

  it('computes a window as the same part of the whole', () => {
    const windowed = fc
      .tuple(side, side)
      .chain(([width, height]) => fc.tuple(fc.constant([width, height] as const), boxIn(width, height)))
    fc.assert(
      fc.property(image, windowed, (source, [[width, height], window]) => {
        const whole = resizeBicubic(source, width, height)
        expect(resizeBicubic(source, width, height, { window })).toEqual(cut(whole, window))
      }),
    )
  })
})
