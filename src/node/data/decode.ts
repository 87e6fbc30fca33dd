import { readFile, stat } from 'node:fs/promises'
import type { Metadata, Sharp } from 'sharp'
import { ImageError } from '../../core/errors.js'
import { identifyImage } from '../../core/image/image-format.js'
import type { RgbImage } from '../../core/image/resize.js'

export interface DecodeOptions {
  /** Largest width x height. Default 200 million. */
  readonly maxPixels?: number
  /** Longest side. Default 32,768: a strip beyond that has no centre a model could look at. */
  readonly maxSide?: number
  /** What to call an image given as bytes in messages. */
  readonly name?: string
}

const largestFile = 2 ** 30

/** Larger images are shrunk while they are decoded, strip by strip, so that memory stays bounded. */
const wholePixels = 50e6

/** Loaded when the first image is: a command that refuses its arguments has no need of it. */
const decoder = async () => (await import('sharp')).default

/** Versions of the libraries that decode, on which pixels may depend. */
export const decoderVersions = async (): Promise<string> => JSON.stringify((await decoder()).versions)

/**
 * Decodes a JPEG, PNG, WebP, GIF (first frame), TIFF or AVIF image to 8-bit RGB as Pillow's `convert("RGB")` does:
 * alpha is dropped, not blended; 16-bit grey is clipped at 255, 16-bit colour loses its low byte; embedded colour
 * profiles and the EXIF orientation are ignored.
 *
 * @param source a path, or the file's bytes
 * @throws ImageError when it cannot be read, is no such image, is damaged or too large
 */
export async function decodeImage(
  source: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  const name = typeof source === 'string' ? source : (options.name ?? 'image')
  const bytes = typeof source === 'string' ? await readImageFile(source) : source
  checkFormat(name, bytes)
  const metadata = await damagedIfThrown(name, async () => (await open(bytes)).metadata())
  checkSize(name, metadata, options)
  const { width, height } = decodedSize(metadata)
  const data = await damagedIfThrown(name, () => rgbPixels(bytes, metadata, { width, height }))
  return { width, height, data }
}

/** Bytes of an image file. Throws ImageError when it cannot be read or is far too large. */
export async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path)
    if (!info.isFile()) throw new ImageError(`${path}: not a file; expected an image`)
    if (info.size > largestFile) {
      throw new ImageError(`${path}: ${info.size} bytes; expected an image of at most ${largestFile} bytes`)
    }
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof ImageError) throw cause
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw new ImageError(
      `${path}: ${missing ? 'no such file' : `cannot be read (${(cause as Error).message})`}`,
      {
        cause,
        hint: 'Check the path and its permissions.',
      },
    )
  }
}

function checkFormat(name: string, bytes: Uint8Array): void {
  const { readable, description } = identifyImage(bytes)
  if (readable) return
  throw new ImageError(`${name}: ${description}; expected a JPEG, PNG, WebP, GIF, TIFF or AVIF image`, {
    hint: 'Remove the file, or convert it to PNG or JPEG.',
  })
}

function checkSize(name: string, metadata: Metadata, options: DecodeOptions): void {
  // Colours of print and 16-bit grey are converted by our own code, which needs all pixels at once.
  const { maxPixels = inStrips(metadata) ? 200e6 : wholePixels, maxSide = 32_768 } = options
  const { width, height } = metadata
  if (width * height > maxPixels) {
    const megapixels = (pixels: number): string =>
      (pixels / 1e6).toLocaleString('en', { maximumFractionDigits: 1 })
    throw new ImageError(
      `${name}: ${width} x ${height}, ${megapixels(width * height)} megapixels; expected at most ${megapixels(maxPixels)}`,
      { hint: 'Make the image smaller.' },
    )
  }
  if (Math.max(width, height) > maxSide) {
    throw new ImageError(`${name}: ${width} x ${height} pixels; expected sides of at most ${maxSide}`, {
      hint: 'Cut or shrink the image.',
    })
  }
}

/** Sizes are checked by hand for the sake of the message. Warnings, such as an odd profile, are no damage. */
async function open(bytes: Uint8Array): Promise<Sharp> {
  const sharp = await decoder()
  return sharp(bytes, { failOn: 'error', ignoreIcc: true, limitInputPixels: false })
}

async function shrunk(
  bytes: Uint8Array,
  { width, height }: { width: number; height: number },
): Promise<Sharp> {
  const sharp = await decoder()
  const options = { failOn: 'error', ignoreIcc: true, limitInputPixels: false, sequentialRead: true } as const
  return sharp(bytes, options).resize({ width, height, fit: 'fill', kernel: 'linear' })
}

async function damagedIfThrown<T>(name: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (cause) {
    // The library's message has a line for every attempt; the last one says why it gave up.
    const reason = (cause as Error).message.trim().replace(/:$/, '').split('\n').at(-1)?.slice(0, 160)
    throw new ImageError(`${name}: damaged or truncated image (${reason})`, {
      cause,
      hint: 'Replace the file by an intact copy, or remove it.',
    })
  }
}

const isPrint = ({ space, depth }: Metadata): boolean => space === 'cmyk' && depth === 'uchar'
const isDeepGrey = ({ depth, channels }: Metadata): boolean => depth === 'ushort' && channels === 1
const inStrips = (metadata: Metadata): boolean => !isPrint(metadata) && !isDeepGrey(metadata)

/** Halved as often as it takes to get below {@link wholePixels}. */
function decodedSize({ width, height }: Metadata): { width: number; height: number } {
  let factor = 1
  while (Math.ceil(width / factor) * Math.ceil(height / factor) > wholePixels) factor *= 2
  return { width: Math.ceil(width / factor), height: Math.ceil(height / factor) }
}

async function rgbPixels(
  bytes: Uint8Array,
  metadata: Metadata,
  size: { readonly width: number; readonly height: number },
): Promise<Uint8Array> {
  if (isPrint(metadata)) return rgbOfCmyk(await rawPixels(bytes, 'cmyk', 'uchar'))
  if (isDeepGrey(metadata)) return rgbOfDeepGrey(await rawPixels(bytes, 'grey16', 'ushort'))
  const whole = size.width === metadata.width && size.height === metadata.height
  const image = await (whole ? open(bytes) : shrunk(bytes, size))
  return bytesOf(await image.toColourspace('srgb').removeAlpha().raw().toBuffer())
}

async function rawPixels(bytes: Uint8Array, space: string, depth: 'uchar' | 'ushort'): Promise<Uint8Array> {
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

function rgbOfDeepGrey(grey: Uint8Array): Uint8Array {
  const samples = new Uint16Array(grey.slice().buffer)
  const rgb = new Uint8Array(samples.length * 3)
  for (let i = 0; i < samples.length; i++) rgb.fill(Math.min(samples[i] as number, 255), i * 3, i * 3 + 3)
  return rgb
}
