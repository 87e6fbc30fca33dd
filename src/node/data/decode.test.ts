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
import { type TiffPicture, tiffOf } from '../../../test/support/tiff-writer.js'
import { DataError } from '../../core/errors.js'
import { oriented } from '../../core/image/orientation.js'
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
    ['8BPS', 'photo: a Photoshop file'],
    ['BM is text', 'photo: text'],
    ['<?xml version="1.0"?><svg width="9" height="9"/>', 'photo: an SVG drawing'],
    ['<!DOCTYPE html><html>', 'photo: a web page'],
    ['%PDF-1.7', 'photo: a PDF document'],
    ['notes\n', 'photo: text'],
    ['\u0001\u0002\u0003', 'photo: not an image (starts with the bytes 01 02 03)'],
  ])('says what %j is', async (content, message) => {
    expect(await problem(Buffer.from(content))).toBe(
      `${message}; expected a JPEG, PNG, GIF, WebP, TIFF, AVIF, BMP, HEIC or JPEG XL image`,
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

describe('the EXIF orientation', () => {
  const orientations = [1, 2, 3, 4, 5, 6, 7, 8]
  const turned = (orientation: number, format: 'jpeg' | 'png' | 'webp' | 'tiff') =>
    picture
      .clone()
      .withMetadata({ orientation })
      .toFormat(format, { lossless: true, chromaSubsampling: '4:4:4', compression: 'lzw' } as object)
      .toBuffer()

  it.each(orientations)('%d is applied where asked for, and otherwise not', async (orientation) => {
    const stored = { width, height, data: colours }
    for (const format of ['png', 'webp', 'tiff'] as const) {
      const bytes = await turned(orientation, format)
      expect(await decodeImage(bytes, { exif: 'apply' }), format).toEqual(oriented(stored, orientation))
      expect(await decodeImage(bytes), format).toEqual(stored)
      expect(await decodeImage(bytes, { exif: 'ignore' }), format).toEqual(stored)
    }
  })

  it.each(orientations)('%d of a JPEG file is applied as libvips does it', async (orientation) => {
    const bytes = await turned(orientation, 'jpeg')
    const { data, info } = await sharp(bytes).autoOrient().raw().toBuffer({ resolveWithObject: true })
    const image = await decodeImage(bytes, { exif: 'apply' })
    expect([image.width, image.height]).toEqual([info.width, info.height])
    expect(pixelDifference(image.data, data)).toEqual(identical)
  })

  it('is applied to the colours of print and to 16-bit grey', async () => {
    const upright = async (bytes: Uint8Array) => {
      const { width, height, data } = await decodeImage(bytes, { exif: 'apply' })
      const expected = oriented(await decodeImage(bytes), 6)
      expect([width, height]).toEqual([expected.width, expected.height])
      expect(width).toBeLessThan(height)
      expect(Buffer.compare(data, expected.data)).toBe(0)
    }
    const print = picture.clone().withMetadata({ orientation: 6 }).toColourspace('cmyk')
    await upright(await print.tiff({ compression: 'lzw' }).toBuffer())
    const samples = Uint16Array.from({ length: 12 }, (_, i) => i)
    await upright(tiffOf({ width: 4, height: 3, bands: 1, samples, orientation: 6 }))
  })
})

describe('grey of more than 8 bits', () => {
  const read = async (samples: TiffPicture['samples'], deepGrey: 'clip' | 'scale') => {
    const remarks: string[] = []
    const { data } = await decodeImage(tiffOf({ width: samples.length, height: 1, bands: 1, samples }), {
      deepGrey,
      onRemark: (remark) => remarks.push(remark),
    })
    return { grey: Array.from(data).filter((_, i) => i % 3 === 0), remarks }
  }

  it('is clipped as Pillow does it unless asked for otherwise', async () => {
    const { grey, remarks } = await read(Uint16Array.of(0, 255, 300, 65_535), 'clip')
    expect(grey).toEqual([0, 255, 255, 255])
    expect(remarks).toEqual([])
  })

  it.each([
    ['16 bits', Uint16Array.of(0, 256, 30_000, 65_535), [0, 1, 117, 255], '65535'],
    ['12 bits in 16', Uint16Array.of(0, 16, 2000, 4095), [0, 1, 125, 255], '4095'],
    ['16 bits with a sign', Int16Array.of(-5, 256, 30_000, 32_767), [0, 1, 117, 127], '65535'],
    ['32 bits', Uint32Array.of(0, 512, 30_000, 65_535), [0, 2, 117, 255], '65535'],
    ['floating point to 1', Float32Array.of(0, 0.25, 0.5, 1), [0, 63, 127, 255], '1'],
  ])('is scaled where asked for: %s', async (_, samples, levels, most) => {
    const { grey, remarks } = await read(samples, 'scale')
    expect(grey).toEqual(levels)
    expect(remarks).toEqual([
      expect.stringMatching(`^grey of .+, scaled to 8 bits from values up to ${most}$`),
    ])
  })

  it.each([
    ['8 bits in 16', Uint16Array.of(0, 1, 200, 255)],
    ['floating point to 255', Float32Array.of(0, 1.5, 200, 255)],
  ])('stays as it is where 8 bits are enough: %s', async (_, samples) => {
    const { grey, remarks } = await read(samples, 'scale')
    expect(grey).toEqual(Array.from(samples, Math.floor))
    expect(remarks).toEqual([])
  })

  it('beyond 16 bits, and pictures of many bands, are refused by name', async () => {
    const deep = tiffOf({ width: 1, height: 1, bands: 1, samples: Uint32Array.of(70_000) })
    expect(await problem(deep, { deepGrey: 'scale' })).toBe(
      'photo: grey of 32 bits with values up to 70000; expected at most 65535',
    )
    const bands = (count: number) =>
      tiffOf({ width: 1, height: 1, bands: count, samples: new Uint16Array(count) })
    expect(await problem(bands(5))).toBe('photo: 5 bands; a picture of grey, colour or print has at most 4')
    expect(await problem(bands(13))).toContain('more bands, or values of another kind; a picture')
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
