import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import {
  goldenPixels,
  identical,
  pixelDifference,
  preprocessPath,
} from '../../../test/support/golden-pixels.js'
import { DataError } from '../../core/errors.js'
import { decodeImage } from './decode.js'

const width = 32
const height = 24
const colours = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7919) % 251)
const picture = sharp(colours, { raw: { width, height, channels: 3 } })
const blank = (w: number, h: number): Promise<Buffer> =>
  sharp({ create: { width: w, height: h, channels: 3, background: 'red' }, limitInputPixels: false })
    .png()
    .toBuffer()

async function problem(source: string | Uint8Array, options = {}): Promise<string> {
  const error: unknown = await decodeImage(source, { name: 'photo', ...options }).catch(
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(DataError)
  return (error as DataError).message
}

describe('decodeImage', () => {
  it.each([...goldenPixels('decoded_rgb_u8')])('gives the reference pixels of %s', async (file, expected) => {
    const { width, height, data } = await decodeImage(preprocessPath(`images/${file}`))
    expect([height, width, 3]).toEqual(expected.shape)
    expect(pixelDifference(data, expected.bytes)).toEqual(identical)
  })

  it.each([
    ['png', picture.clone().png()],
    ['webp', picture.clone().webp({ lossless: true })],
    ['tiff', picture.clone().tiff({ compression: 'lzw' })],
    ['tiff with 16 bits', picture.clone().toColourspace('rgb16').tiff({ compression: 'lzw' })],
    ['png with 16 bits', picture.clone().toColourspace('rgb16').png()],
    ['png with alpha', picture.clone().ensureAlpha(0.5).png()],
  ])('reads a lossless %s exactly', async (_, encoder) => {
    const decoded = await decodeImage(await encoder.toBuffer())
    expect(decoded.width).toBe(width)
    expect(decoded.height).toBe(height)
    expect(pixelDifference(decoded.data, colours)).toEqual(identical)
  })

  it.each(['gif', 'avif', 'jpeg'] as const)('reads a %s', async (format) => {
    const decoded = await decodeImage(await picture.clone().toFormat(format).toBuffer())
    expect(decoded.data).toHaveLength(colours.length)
  })

  it('reads the first frame of an animation', async () => {
    const frames = sharp([await blank(8, 8), await picture.clone().resize(8, 8).png().toBuffer()], {
      join: { animated: true },
    })
    const { height, data } = await decodeImage(await frames.gif().toBuffer())
    expect(height).toBe(8)
    expect(Array.from(data.subarray(0, 3))).toEqual([255, 0, 0])
  })

  it('does not apply a colour profile', async () => {
    const wideGamut = await sharp(await blank(4, 4))
      .withIccProfile('p3')
      .png()
      .toBuffer()
    const { data } = await decodeImage(wideGamut)
    // Red of sRGB is 234, 51, 35 in Display P3; converted back it would be 255, 0, 0.
    expect(data[0]).toBeLessThan(240)
    expect(data[1]).toBeGreaterThan(40)
  })

  it.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)(
    'refuses a truncated %s',
    async (format) => {
      const bytes = await picture.clone().toFormat(format).toBuffer()
      expect(await problem(bytes.subarray(0, bytes.length * 0.6))).toMatch(
        /^photo: damaged or truncated image \(.+\)$/,
      )
      expect(await problem(bytes.subarray(0, 20))).toMatch(/^photo: damaged or truncated image \(.+\)$/)
    },
  )

  it.each([
    ['', 'photo: empty file'],
    ['BM......', 'photo: a BMP image, which this version cannot read'],
    ['<?xml version="1.0"?><svg width="9" height="9"/>', 'photo: an SVG drawing'],
    ['<!DOCTYPE html><html>', 'photo: a web page'],
    ['%PDF-1.7', 'photo: a PDF document'],
    ['notes\n', 'photo: text'],
    ['\u0001\u0002\u0003', 'photo: not an image (starts with the bytes 01 02 03)'],
  ])('says what %j is', async (content, message) => {
    expect(await problem(Buffer.from(content))).toBe(
      `${message}; expected a JPEG, PNG, WebP, GIF, TIFF or AVIF image`,
    )
  })

  it('refuses an image of too many pixels or too long a side before decoding it', async () => {
    const square = await blank(300, 200)
    expect(await problem(square, { maxPixels: 50_000 })).toContain('300 x 200, 0.1 megapixels')
    expect(await problem(await blank(50_000, 2))).toContain(
      '50000 x 2 pixels; expected sides of at most 32768',
    )
    expect((await decodeImage(await blank(50_000, 2), { maxSide: 60_000 })).width).toBe(50_000)
  })

  it('refuses a header that claims more pixels than any memory holds', async () => {
    const bytes = await blank(10, 10)
    bytes.writeUInt32BE(1_000_000, 16)
    bytes.writeUInt32BE(1_000_000, 20)
    // The checksum of the header covers type and data, 17 bytes.
    bytes.writeUInt32BE(crc32(bytes.subarray(12, 29)), 29)
    expect(await problem(bytes)).toContain('1000000 x 1000000, 1,000,000 megapixels')
  })

  it('names a path that is missing, a folder or damaged', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'decode-'))
    try {
      const file = join(folder, 'cut.png')
      await writeFile(file, (await blank(9, 9)).subarray(0, 60))
      expect(await problem(file)).toContain(`${file}: damaged or truncated image`)
      expect(await problem(folder)).toBe(`${folder}: not a file; expected an image`)
      expect(await problem(join(folder, 'none.png'))).toContain('none.png: no such file')
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('either decodes or refuses any damaged bytes, and never crashes', async () => {
    const formats = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const
    const files = await Promise.all(formats.map((format) => picture.clone().toFormat(format).toBuffer()))
    const damage = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), damage, async (file, changes) => {
        const bytes = Uint8Array.from(file)
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const result = await decodeImage(bytes, { maxPixels: 1e6 }).catch((cause: unknown) => cause)
        if (result instanceof Error) expect(result).toBeInstanceOf(DataError)
        else expect(result).toHaveProperty('data')
      }),
      { numRuns: 150 },
    )
  })
})

describe('images of more than 50 megapixels', () => {
  it('are halved while they are decoded', async () => {
    const { width, height, data } = await decodeImage(await blank(9000, 6001))
    expect([width, height, data.length]).toEqual([4500, 3001, 4500 * 3001 * 3])
    expect([...data.slice(0, 3), ...data.slice(-3)]).toEqual([255, 0, 0, 255, 0, 0])
  })

  it('are refused where their pixels are needed at once, as those of 16-bit grey are', async () => {
    const grey = await sharp({
      create: { width: 9000, height: 6000, channels: 3, background: 'red' },
      limitInputPixels: false,
    })
      .toColourspace('grey16')
      .png()
      .toBuffer()
    expect(await problem(grey)).toContain('54 megapixels; expected at most 50')
  })
})
