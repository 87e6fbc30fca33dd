import { readFile, stat } from 'node:fs/promises'
import { ImageError } from '../../core/errors.js'
import { type ImageKind, identifyImage } from '../../core/image/image-format.js'
import { type Exif, oriented } from '../../core/image/orientation.js'
import type { RgbImage } from '../../core/image/resize.js'
import { openBmp } from './formats/bmp.js'
import { openHeic } from './formats/heic.js'
import { openJpegXl } from './formats/jpeg-xl.js'
import { type FormatDecoder, type OpenedImage, Refused, type Size } from './formats/opened-image.js'
import { openSharp } from './formats/sharp.js'

export { decoderVersions } from './formats/sharp.js'

/** Options of {@link decodeImage}; by default it reads as the reference does. */
export interface DecodeOptions {
  /** Largest width x height. Default 200 million, or 50 million where all pixels are needed at once. */
  readonly maxPixels?: number
  /** Longest side. Default 32,768: a strip beyond that has no centre a model could look at. */
  readonly maxSide?: number
  /** What to call an image given as bytes in messages. */
  readonly name?: string
  /** Default: `ignore`. HEIC and JPEG XL have their orientation in the format itself, and it is always applied. */
  readonly exif?: Exif
  /** What becomes of grey beyond 255: `clip` (default) as Pillow does, which makes most of it white, or `scale`. */
  readonly deepGrey?: 'clip' | 'scale'
  /** Told what was made of an unusual picture, without its name. */
  readonly onRemark?: ((remark: string) => void) | undefined
}

const largestFile = 2 ** 30

/** Larger images are shrunk while they are decoded, strip by strip, so that memory stays bounded. */
const wholePixels = 50e6

const decoders: Readonly<Record<ImageKind, FormatDecoder>> = {
  JPEG: openSharp,
  PNG: openSharp,
  GIF: openSharp,
  WebP: openSharp,
  TIFF: openSharp,
  AVIF: openSharp,
  BMP: openBmp,
  HEIC: openHeic,
  'JPEG XL': openJpegXl,
}

/** For messages. */
const kinds = Object.keys(decoders)
  .join(', ')
  .replace(/, (?=[^,]*$)/, ' or ')

/**
 * Decodes a JPEG, PNG, WebP, GIF (first frame), TIFF, AVIF, BMP, HEIC or JPEG XL image to 8-bit RGB as Pillow's
 * `convert("RGB")` does: alpha is dropped, not blended; 16-bit colour loses its low byte; embedded colour profiles are
 * ignored, and unless asked for so is the EXIF orientation.
 *
 * @param source a path, or the file's bytes
 * @throws ImageError when it cannot be read, is no such image, is damaged, too large, or needs a package that is not
 *   installed (HEIC, JPEG XL)
 */
export async function decodeImage(
  source: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<RgbImage> {
  const name = typeof source === 'string' ? source : (options.name ?? 'image')
  const bytes = typeof source === 'string' ? await readImageFile(source) : source
  const { deepGrey = 'clip', onRemark, exif = 'ignore' } = options
  const open = decoderOf(name, bytes)
  const opened = await damagedIfThrown(name, () => open(bytes, { deepGrey, onRemark }))
  try {
    checkSize(name, opened, options)
    const image = await damagedIfThrown(name, () => opened.pixels(decodedSize(opened)))
    return exif === 'apply' ? oriented(image, opened.orientation ?? 1) : image
  } finally {
    opened.close?.()
  }
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

function decoderOf(name: string, bytes: Uint8Array): FormatDecoder {
  const { kind, description } = identifyImage(bytes)
  if (kind) return decoders[kind]
  throw new ImageError(`${name}: ${description}; expected a ${kinds} image`, {
    hint: 'Remove the file, or convert it to PNG or JPEG.',
  })
}

function checkSize(name: string, opened: OpenedImage, options: DecodeOptions): void {
  const { width, height, inStrips } = opened
  const { maxPixels = inStrips ? 200e6 : wholePixels, maxSide = 32_768 } = options
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

async function damagedIfThrown<T>(name: string, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (cause) {
    if (cause instanceof Refused)
      throw new ImageError(`${name}: ${cause.message}`, { cause, hint: cause.hint })
    // The library's message has a line for every attempt; the last one says why it gave up.
    const reason = (cause as Error).message.trim().replace(/:$/, '').split('\n').at(-1)?.slice(0, 160)
    throw new ImageError(`${name}: damaged or truncated image (${reason})`, {
      cause,
      hint: 'Replace the file by an intact copy, or remove it.',
    })
  }
}

/** Halved as often as it takes to get below {@link wholePixels}. */
function decodedSize({ width, height, inStrips }: OpenedImage): Size {
  let factor = 1
  while (inStrips && Math.ceil(width / factor) * Math.ceil(height / factor) > wholePixels) factor *= 2
  return { width: Math.ceil(width / factor), height: Math.ceil(height / factor) }
}
