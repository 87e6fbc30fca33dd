import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { beforeAll, describe, expect, it } from 'vitest'
import { DataError } from '../../../core/errors.js'
import { decodeImage } from '../decode.js'
import { jpegXlSize } from './jpeg-xl.js'
import { optionalPackage, Refused } from './opened-image.js'

const support = (name: string) => new URL(`../../../../test/${name}`, import.meta.url)

async function problem(bytes: Uint8Array, options = {}): Promise<string> {
  const error = await decodeImage(bytes, { name: 'photo', ...options }).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(DataError)
  return (error as DataError).message
}

interface Bitmap {
  readonly bmp: string
  readonly width: number
  readonly height: number
  readonly rgb: string
}

describe('BMP', () => {
  let bitmaps: Readonly<Record<string, Bitmap>>
  const bytesOf = (name: string) => Buffer.from(bitmaps[name]!.bmp, 'base64')
  beforeAll(async () => {
    ;({ images: bitmaps } = JSON.parse(await readFile(support('support/pillow-bmp.json'), 'utf8')))
  })

  it.each([
    'b555',
    'b565',
    'grey8',
    'one',
    'os2',
    'p4',
    'p4top',
    'pal8',
    'rgb24',
    'rgba32',
    'v4',
    'v5swap',
    'x32',
  ])('equals Pillow: %s', async (name) => {
    const { width, height, rgb } = bitmaps[name]!
    const data = new Uint8Array(Buffer.from(rgb, 'base64'))
    expect(await decodeImage(bytesOf(name))).toEqual({ width, height, data })
  })

  it('is refused where it is cut off, compressed or too large', async () => {
    const bytes = bytesOf('rgb24')
    expect(await problem(bytes.subarray(0, -1))).toBe(
      'photo: damaged or truncated image (its pixels are cut off)',
    )
    expect(await problem(bytes.subarray(0, 30))).toMatch(/^photo: damaged or truncated image/)
    const changed = (at: number, value: number) => {
      const copy = Buffer.from(bytes)
      copy.writeInt32LE(value, at)
      return copy
    }
    expect(await problem(changed(30, 1))).toBe('photo: a BMP image whose pixels are compressed (kind 1)')
    expect(await problem(bytes, { maxPixels: 50 })).toContain('13 x 7')
    // Numbers beyond what the file could hold are noticed before anything is made for them.
    expect(await problem(changed(18, 2 ** 31 - 1))).toContain('its pixels are cut off')
    expect(await problem(changed(22, -(2 ** 31)))).toContain('its pixels are cut off')
    expect(await problem(changed(18, -13))).toContain('-13 x 7 pixels')
  })
})

describe('HEIC', () => {
  const corner = ({ data }: { data: Uint8Array }) => Array.from(data.subarray(0, 3))

  it('is decoded, upright as its format says, whatever is asked of EXIF', async () => {
    const stored = await readFile(support('fixtures/pictures/quads.heic'))
    const image = await decodeImage(stored)
    expect([image.width, image.height, image.data.length]).toEqual([64, 48, 64 * 48 * 3])
    expect(corner(image)).toEqual([200, 40, 40])
    const turned = await readFile(support('fixtures/pictures/turned.heic'))
    for (const exif of ['apply', 'ignore'] as const) {
      const upright = await decodeImage(turned, { exif })
      expect([upright.width, upright.height]).toEqual([48, 64])
      // What was below on the left is above on the left after a turn to the right.
      expect(corner(upright)).toEqual([40, 40, 200])
    }
  })

  it('is refused where it is damaged or too large', async () => {
    const bytes = await readFile(support('fixtures/pictures/quads.heic'))
    expect(await problem(bytes, { maxPixels: 3000 })).toContain('64 x 48')
    expect(await problem(bytes.subarray(0, 300))).toMatch(/^photo: damaged or truncated image/)
    expect(await problem(bytes.subarray(0, 600))).toMatch(/^photo: damaged or truncated image/)
  })
})

describe('JPEG XL', () => {
  const data = Uint8ClampedArray.from({ length: 40 * 24 * 4 }, (_, i) =>
    i % 4 === 3 ? 255 : (i * 7919) % 251,
  )
  let bytes: Uint8Array
  beforeAll(async () => {
    const codec = (await import('@jsquash/jxl/encode.js')) as unknown as {
      init(module: WebAssembly.Module): Promise<unknown>
      default(image: object, options: object): Promise<ArrayBuffer>
    }
    const wasm = createRequire(import.meta.url).resolve('@jsquash/jxl/codec/enc/jxl_enc.wasm')
    await codec.init(await WebAssembly.compile(await readFile(wasm)))
    bytes = new Uint8Array(await codec.default({ data, width: 40, height: 24 }, { lossless: true }))
  })

  it('is decoded exactly, by itself and in a container', async () => {
    const image = { width: 40, height: 24, data: Uint8Array.from(data.filter((_, i) => i % 4 !== 3)) }
    expect(await decodeImage(bytes)).toEqual(image)
    const box = (kind: string, content: Uint8Array) => {
      const head = Buffer.alloc(8)
      head.writeUInt32BE(8 + content.length)
      head.write(kind, 4, 'latin1')
      return Buffer.concat([head, content])
    }
    const container = Buffer.concat([
      box('JXL ', Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a)),
      box('ftyp', Buffer.from('jxl \0\0\0\0jxl ', 'latin1')),
      box('jxlc', bytes),
    ])
    expect(await decodeImage(container)).toEqual(image)
  })

  it('tells its size before it is decoded, and is refused where that is too much', async () => {
    expect(jpegXlSize(bytes)).toEqual({ width: 40, height: 24 })
    /** Values with their numbers of bits, the lowest bit first. */
    const header = (...fields: [value: number, bits: number][]) => {
      const bits = fields.flatMap(([value, count]) =>
        Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** i) % 2),
      )
      const packed = Array.from({ length: Math.ceil(bits.length / 8) }, (_, k) =>
        bits.slice(8 * k, 8 * k + 8).reduce((byte, bit, i) => byte + bit * 2 ** i, 0),
      )
      return Uint8Array.of(0xff, 0x0a, ...packed)
    }
    const large = header([0, 1], [3, 2], [2 ** 30 - 1, 30], [7, 3])
    expect(jpegXlSize(large)).toEqual({ width: 2 ** 31, height: 2 ** 30 })
    expect(await problem(large)).toMatch(/megapixels; expected at most 50$/)
    expect(jpegXlSize(header([0, 1], [1, 2], [1079, 13], [5, 3]))).toEqual({ width: 1920, height: 1080 })
    expect(jpegXlSize(header([1, 1], [2, 5], [0, 3], [4, 5]))).toEqual({ width: 40, height: 24 })
  })

  it('is refused where it is damaged', async () => {
    for (const length of [3, 20, bytes.length >> 1]) {
      expect(await problem(bytes.subarray(0, length))).toMatch(/^photo: damaged or truncated image/)
    }
  })
})

describe('a package that is not installed', () => {
  it('is named with the command that installs it', async () => {
    const attempt = optionalPackage('@nobody/absent-codec/decode.js', 'a HEIC image')
    await expect(attempt).rejects.toThrow(Refused)
    await expect(attempt).rejects.toMatchObject({
      message: 'a HEIC image, which is read by the package @nobody/absent-codec; it is not installed',
      hint: expect.stringContaining('npm install @nobody/absent-codec'),
    })
  })
})
