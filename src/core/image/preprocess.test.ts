import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  goldenPixels,
  identical,
  pixelDifference,
  preprocessPath,
} from '../../../test/support/golden-pixels.js'
import { decodeImage } from '../../node/data/decode.js'
import { clipMean, clipStd, normalize, testTransform } from './preprocess.js'

const load = (file: string) => decodeImage(preprocessPath(`images/${file}`))

describe('testTransform', () => {
  it.each([...goldenPixels('test_transform_224_u8')])(
    'gives the reference pixels of %s',
    async (file, expected) => {
      expect(pixelDifference(testTransform(await load(file), 224), expected.bytes)).toEqual(identical)
    },
  )

  it('gives a square of the resolution for any size', () => {
    const side = fc.integer({ min: 1, max: 200 })
    fc.assert(
      fc.property(
        side,
        side,
        fc.integer({ min: 1, max: 48 }),
        fc.nat(255),
        (width, height, resolution, value) => {
          const data = new Uint8Array(width * height * 3).fill(value)
          const expected = new Uint8Array(resolution * resolution * 3).fill(value)
          expect(testTransform({ width, height, data }, resolution)).toEqual(expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('computes only the centre of an extreme strip', () => {
    const strip = { width: 30_000, height: 1, data: new Uint8Array(90_000).fill(9) }
    expect(testTransform(strip, 224).every((value) => value === 9)).toBe(true)
  })
})

describe('normalize', () => {
  it.each([
    ...[...goldenPixels('test_transform_64_f32')].map(([file, tensor]) => [file, 64, tensor] as const),
    ...[...goldenPixels('test_transform_224_f32')].map(([file, tensor]) => [file, 224, tensor] as const),
  ])('gives the reference values of %s at %d bit for bit', async (file, size, expected) => {
    expect(expected.shape).toEqual([3, size, size])
    const values = normalize(testTransform(await load(file), size), size)
    expect(pixelDifference(new Uint8Array(values.buffer), expected.bytes)).toEqual(identical)
  })

  it('writes channels one after the other from the offset, and nothing else', () => {
    const out = new Float32Array(8).fill(7)
    expect(normalize(Uint8Array.of(255, 0, 255), 1, out, 3)).toBe(out)
    const expected = clipMean.map((mean, channel) => ([1, 0, 1][channel]! - mean) / clipStd[channel]!)
    expect(Array.from(out.subarray(0, 3))).toEqual([7, 7, 7])
    for (const [channel, value] of expected.entries()) expect(out[3 + channel]).toBeCloseTo(value, 5)
    expect(Array.from(out.subarray(6))).toEqual([7, 7])
  })
})
