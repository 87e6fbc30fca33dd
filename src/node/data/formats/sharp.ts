import type { Metadata, Sharp } from 'sharp'
import { type FormatDecoder, type FormatOptions, Refused, type Size } from './opened-image.js'

/** Loaded when the first image is: a command that refuses its arguments has no need of it. */
const decoder = async () => (await import('sharp')).default

/** Versions of the libraries that decode, on which pixels may depend. */
export const decoderVersions = async (): Promise<string> => JSON.stringify((await decoder()).versions)

/** Sizes are checked by the caller for the sake of the message. Warnings, such as an odd profile, are no damage. */
const lenient = { failOn: 'error', ignoreIcc: true, limitInputPixels: false } as const

/** JPEG, PNG, WebP, GIF, TIFF and AVIF, by libvips. */
export const openSharp: FormatDecoder = async (bytes, options) => {
  const metadata = await (await open(bytes)).metadata().catch(refuseBands)
  const { width, height, channels, space, orientation } = metadata
  if (channels > (space === 'cmyk' ? 5 : 4)) throw tooManyBands(`${channels} bands`)
  return {
    width,
    height,
    orientation,
    // Colours of print and deep grey are converted by our own code, which needs all pixels at once.
    inStrips: !isPrint(metadata) && !isDeep(metadata, options),
    pixels: async (size) => ({ ...size, data: await rgbPixels(bytes, metadata, size, options) }),
  }
}

/** libvips gives up on more bands than it has room for before it says how many there are. */
function refuseBands(cause: Error): never {
  if (/channel limit|samples out of range/.test(cause.message)) {
    throw tooManyBands('more bands, or values of another kind')
  }
  throw cause
}

const tooManyBands = (found: string): Refused =>
  new Refused(
    `${found}; a picture of grey, colour or print has at most 4`,
    'Save three of its bands as a PNG or TIFF image.',
  )

async function open(bytes: Uint8Array): Promise<Sharp> {
  const sharp = await decoder()
  return sharp(bytes, lenient)
}

async function shrunk(bytes: Uint8Array, { width, height }: Size): Promise<Sharp> {
  const sharp = await decoder()
  return sharp(bytes, { ...lenient, sequentialRead: true }).resize({
    width,
    height,
    fit: 'fill',
    kernel: 'linear',
  })
}

const isPrint = ({ space, depth }: Metadata): boolean => space === 'cmyk' && depth === 'uchar'
const isDeepGrey = ({ depth, channels }: Metadata): boolean => depth === 'ushort' && channels === 1
const isDeep = (metadata: Metadata, { deepGrey }: FormatOptions): boolean =>
  deepGrey === 'scale' ? metadata.channels === 1 && metadata.depth !== 'uchar' : isDeepGrey(metadata)

async function rgbPixels(
  bytes: Uint8Array,
  metadata: Metadata,
  size: Size,
  options: FormatOptions,
): Promise<Uint8Array> {
  if (isPrint(metadata)) return rgbOfCmyk(await rawPixels(bytes, 'cmyk', 'uchar'))
  if (isDeep(metadata, options)) {
    if (options.deepGrey === 'clip') return clippedGrey(await rawPixels(bytes, 'grey16', 'ushort'))
    const space = metadata.space === 'grey16' ? 'grey16' : 'b-w'
    return scaledGrey(await rawPixels(bytes, space, 'float'), metadata, options)
  }
  const whole = size.width === metadata.width && size.height === metadata.height
  const image = await (whole ? open(bytes) : shrunk(bytes, size))
  return bytesOf(await image.toColourspace('srgb').removeAlpha().raw().toBuffer())
}

async function rawPixels(
  bytes: Uint8Array,
  space: string,
  depth: 'uchar' | 'ushort' | 'float',
): Promise<Uint8Array> {
  const image = await open(bytes)
  return bytesOf(await image.pipelineColourspace(space).toColourspace(space).raw({ depth }).toBuffer())
}

function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length)
}

/** Pillow's conversion: (255 - k) less the ink's share of it, in rounded integers. Ink 0 is white. */
function rgbOfCmyk(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8ClampedArray((cmyk.length / 4) * 3)
  for (let i = 0, o = 0; i < cmyk.length; i += 4) {
    const light = 255 - (cmyk[i + 3] as number)
    for (let ink = 0; ink < 3; ink++) {
      const scaled = (cmyk[i + ink] as number) * light + 128
      rgb[o++] = light - (((scaled >> 8) + scaled) >> 8)
    }
  }
  return new Uint8Array(rgb.buffer)
}

function clippedGrey(grey: Uint8Array): Uint8Array {
  const samples = new Uint16Array(grey.slice().buffer)
  return greyOf(samples, (value) => Math.min(value, 255))
}

/**
 * Grey of more than 8 bits, scaled by its own range: files of 16 bits hold values of 8, 12 or 16, and those of floating-point
 * numbers go to 1 or to 255. Scaled by what the file could hold, many would be black.
 */
function scaledGrey(grey: Uint8Array, { depth }: Metadata, { onRemark }: FormatOptions): Uint8Array {
  const samples = new Float32Array(grey.slice().buffer)
  let most = 0
  for (const value of samples) if (value > most) most = value
  const floating = depth === 'float' || depth === 'double'
  const kind = floating ? 'grey of floating-point numbers' : `grey of ${bitsOf[depth ?? ''] ?? 16} bits`
  if (most > 65_535) {
    throw new Refused(
      `${kind} with values up to ${most}; expected at most 65535`,
      'Scale it to 8 or 16 bits, and save it as PNG or TIFF.',
    )
  }
  const fraction = floating && most <= 1
  const divisor = fraction ? 1 / 255 : most <= 255 ? 1 : most <= 4095 ? 16 : 256
  if (most > 255 || fraction) {
    onRemark?.(`${kind}, scaled to 8 bits from values up to ${fraction ? 1 : 256 * divisor - 1}`)
  }
  return greyOf(samples, (value) => Math.floor(Math.max(value, 0) / divisor))
}

const bitsOf: Readonly<Record<string, number>> = { ushort: 16, short: 16, uint: 32, int: 32 }

function greyOf(samples: Uint16Array | Float32Array, levelOf: (value: number) => number): Uint8Array {
  const rgb = new Uint8Array(samples.length * 3)
  for (let i = 0, o = 0; i < samples.length; i++) {
    const level = levelOf(samples[i] as number)
    rgb[o++] = level
    rgb[o++] = level
    rgb[o++] = level
  }
  return rgb
}
