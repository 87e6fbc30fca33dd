import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  goldenPixels,
  identical,
  pixelDifference,
  preprocessPath,
} from '../../../test/support/golden-pixels.js'
import { decodeImage } from '../../node/data/decode.js'
import { clipPixels, clipPreprocessing, isClipPixels, normalize, testTransform } from './preprocess.js'
import { resize } from './resize.js'

const load = (file: string) => decodeImage(preprocessPath(`images/${file}`))

describe('testTransform', () => {
  it.each([...goldenPixels('test_transform_224_u8')])(
    'gives the reference pixels of %s',
    async (file, expected) => {
      expect(
        pixelDifference(testTransform(await load(file), clipPreprocessing(224)), expected.bytes),
      ).toEqual(identical)
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
          expect(testTransform({ width, height, data }, clipPreprocessing(resolution))).toEqual(expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('squashes both sides to the size, so that nothing is cut off', () => {
    const wide = { width: 6, height: 2, data: Uint8Array.from({ length: 36 }, (_, i) => (i * 53) % 256) }
    for (const interpolation of ['bicubic', 'bilinear'] as const) {
      const squashed = testTransform(wide, { ...clipPreprocessing(4), resize: 'squash', interpolation })
      expect(squashed).toEqual(resize(wide, 4, 4, { interpolation }).data)
      expect(squashed).not.toEqual(testTransform(wide, { ...clipPreprocessing(4), interpolation }))
    }
  })

  it('resizes by the interpolation of the model', () => {
    const image = { width: 9, height: 9, data: Uint8Array.from({ length: 243 }, (_, i) => (i * 91) % 256) }
    const bilinear = testTransform(image, { ...clipPreprocessing(4), interpolation: 'bilinear' })
    expect(bilinear).toEqual(resize(image, 4, 4, { interpolation: 'bilinear' }).data)
    expect(bilinear).not.toEqual(testTransform(image, clipPreprocessing(4)))
  })

  it('computes only the centre of an extreme strip', () => {
    const strip = { width: 30_000, height: 1, data: new Uint8Array(90_000).fill(9) }
    expect(testTransform(strip, clipPreprocessing(224)).every((value) => value === 9)).toBe(true)
  })
})

describe('normalize', () => {
  it.each([
    ...[...goldenPixels('test_transform_64_f32')].map(([file, tensor]) => [file, 64, tensor] as const),
    ...[...goldenPixels('test_transform_224_f32')].map(([file, tensor]) => [file, 224, tensor] as const),
  ])('gives the reference values of %s at %d bit for bit', async (file, size, expected) => {
    expect(expected.shape).toEqual([3, size, size])
    const form = clipPreprocessing(size)
    const values = normalize(testTransform(await load(file), form), form)
    expect(pixelDifference(new Uint8Array(values.buffer), expected.bytes)).toEqual(identical)
  })

  it('writes channels one after the other from the offset, and nothing else', () => {
    const out = new Float32Array(8).fill(7)
    expect(normalize(Uint8Array.of(255, 0, 255), clipPreprocessing(1), out, 3)).toBe(out)
    const expected = clipPixels.mean.map(
      (mean, channel) => ([1, 0, 1][channel]! - mean) / clipPixels.std[channel]!,
    )
    expect(Array.from(out.subarray(0, 3))).toEqual([7, 7, 7])
    for (const [channel, value] of expected.entries()) expect(out[3 + channel]).toBeCloseTo(value, 5)
    expect(Array.from(out.subarray(6))).toEqual([7, 7])
  })

  it('goes by the mean and standard deviation of the model', () => {
    const form = { size: 1, mean: [0.5, 0.5, 0.5], std: [0.5, 0.25, 1] } as const
    expect(Array.from(normalize(Uint8Array.of(255, 0, 255), form))).toEqual([1, -2, 0.5])
    // And not by those asked for before.
    expect(Array.from(normalize(Uint8Array.of(0, 0, 0), { ...form, mean: [0, 0, 0] }))).toEqual([0, 0, 0])
  })
})

describe('isClipPixels', () => {
  it('tells the form of OpenAI models from any other', () => {
    expect(isClipPixels({ ...clipPixels, mean: [...clipPixels.mean] })).toBe(true)
    expect(isClipPixels({ ...clipPixels, resize: 'squash' })).toBe(false)
    expect(isClipPixels({ ...clipPixels, interpolation: 'bilinear' })).toBe(false)
    expect(isClipPixels({ ...clipPixels, mean: [0.5, 0.5, 0.5] })).toBe(false)
    expect(isClipPixels({ ...clipPixels, std: [0.5, 0.5, 0.5] })).toBe(false)
  })
})
