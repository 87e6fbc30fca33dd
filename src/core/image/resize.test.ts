import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  goldenPixels,
  identical,
  pixelDifference,
  preprocessPath,
} from '../../../test/support/golden-pixels.js'
import { type Box, type Interpolation, type RgbImage, resize } from './resize.js'

const side = fc.integer({ min: 1, max: 40 })
const interpolations = fc.constantFrom<Interpolation[]>('bicubic', 'bilinear')
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

interface PillowResize {
  width: number
  height: number
  outWidth: number
  outHeight: number
  interpolation: Interpolation
  pixels: string
}

/** The picture that Pillow was given; test/support/pillow-resize.json tells how it is made. */
function picture(width: number, height: number): RgbImage {
  const pixels = Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)]
    const blue = 255 - (x * 5 + y * y * 7)
    return [(x * 37 + y * 11) % 256, (x * x + 3 * y) % 256, ((blue % 256) + 256) % 256]
  })
  return { width, height, data: Uint8Array.from(pixels.flat()) }
}

describe('resize', () => {
  const pillow = JSON.parse(
    readFileSync(new URL('../../../test/support/pillow-resize.json', import.meta.url), 'utf8'),
  ) as { resizes: PillowResize[]; crops: (Box & { size: number; pixels: string })[] }
  const bytesOf = (text: string) => Uint8Array.from(Buffer.from(text, 'base64'))

  it.each(pillow.resizes)(
    'equals Pillow, $interpolation: $width x $height to $outWidth x $outHeight',
    ({ width, height, outWidth, outHeight, interpolation, pixels }) => {
      const resized = resize(picture(width, height), outWidth, outHeight, { interpolation })
      expect(resized.data).toEqual(bytesOf(pixels))
    },
  )

  it.each(pillow.crops)(
    'equals Pillow, bilinear: $width x $height at $left, $top to $size',
    ({ size, pixels, ...crop }) => {
      const options = { crop, interpolation: 'bilinear' } as const
      expect(resize(picture(20, 14), size, size, options).data).toEqual(bytesOf(pixels))
    },
  )

  const tensors = goldenPixels('bicubic_resize_u8')
  const { bicubic_resize } = JSON.parse(readFileSync(preprocessPath('preprocess.json'), 'utf8')) as {
    bicubic_resize: { input: string; output: string; out_w: number; out_h: number }[]
  }

  it.each(bicubic_resize)('equals Pillow: $input to $out_w x $out_h', ({ input, output, out_w, out_h }) => {
    const { shape, bytes } = tensors.get(input)!
    const resized = resize({ height: shape[0]!, width: shape[1]!, data: bytes }, out_w, out_h)
    expect([resized.width, resized.height]).toEqual([out_w, out_h])
    expect(pixelDifference(resized.data, tensors.get(output)!.bytes)).toEqual(identical)
  })

  it('leaves an image of the right size as it is', () => {
    fc.assert(
      fc.property(image, (source) => {
        expect(resize(source, source.width, source.height).data).toEqual(source.data)
      }),
    )
  })

  it('keeps a constant image constant', () => {
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        fc.nat(255),
        interpolations,
        (width, height, outWidth, outHeight, value, interpolation) => {
          const source = { width, height, data: new Uint8Array(width * height * 3).fill(value) }
          const resized = resize(source, outWidth, outHeight, { interpolation })
          expect(resized.data).toEqual(new Uint8Array(outWidth * outHeight * 3).fill(value))
        },
      ),
    )
  })

  it('resizes a crop as if it had been cut out first', () => {
    const cropped = image.chain((source) => fc.tuple(fc.constant(source), boxIn(source.width, source.height)))
    fc.assert(
      fc.property(cropped, side, side, interpolations, ([source, crop], width, height, interpolation) => {
        const expected = resize(cut(source, crop), width, height, { interpolation })
        expect(resize(source, width, height, { crop, interpolation })).toEqual(expected)
      }),
    )
  })

  it('computes a window as the same part of the whole', () => {
    const windowed = fc
      .tuple(side, side)
      .chain(([width, height]) => fc.tuple(fc.constant([width, height] as const), boxIn(width, height)))
    fc.assert(
      fc.property(image, windowed, interpolations, (source, [[width, height], window], interpolation) => {
        const whole = resize(source, width, height, { interpolation })
        expect(resize(source, width, height, { window, interpolation })).toEqual(cut(whole, window))
      }),
    )
  })
})
