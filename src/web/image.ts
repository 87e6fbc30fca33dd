import { ImageError } from '../core/errors.js'
import { identifyImage } from '../core/image/image-format.js'
import type { Exif } from '../core/image/orientation.js'
import type { RgbImage } from '../core/image/resize.js'
import { statedSize } from './stated-size.js'

/** Options of {@link decodeImage}. */
export interface DecodeOptions {
  /** What to call the image in messages. Default: the name of a file. */
  readonly name?: string
  /** Largest width x height. Default: 50 million. */
  readonly maxPixels?: number
  /** Whether a photo is turned as its camera noted. Default: `ignore`, as the reference reads files. */
  readonly exif?: Exif
}

/** Bytes of a file that are looked at to say what it is. */
const headBytes = 256
/** A browser gives up its tab, not its decoder, where memory ends: files beyond this are not begun. */
const maxFileBytes = 2 ** 28

/** What a page may have a picture in. Of a video it is the frame that is shown. */
export type ImageSource = ImageBitmapSource

/**
 * Decodes an image by the browser's own decoders to 8-bit RGB: a file or blob, an image element, a canvas, a bitmap, pixels, a
 * video element or a frame of a video. As in Node embedded colour profiles are ignored, alpha is dropped, and so is the EXIF orientation of a JPEG file
 * unless asked for.
 *
 * Pixels are those of Node (and Pillow) for opaque 8-bit images in Chromium; other browsers' decoders may be some
 * levels away. Where alpha is below 255, colours are rounded, and lost (black) at 0; 16-bit grey is scaled, which
 * Pillow clips.
 *
 * @throws ImageError when it is no image that this browser can decode, is damaged, or too large
 */
export async function decodeImage(
  source: ImageSource,
  {
    name = source instanceof File ? source.name : 'image',
    maxPixels = 50e6,
    exif = 'ignore',
  }: DecodeOptions = {},
): Promise<RgbImage> {
  if (source instanceof Blob && source.size > maxFileBytes) {
    throw new ImageError(
      `${name}: ${megabytes(source.size)} MB; expected an image file of at most ${megabytes(maxFileBytes)} MB`,
      { hint: 'Make the image smaller.' },
    )
  }
  await untilShown(source, name)
  if (isPixels(source)) {
    checkSize(source, name, maxPixels)
    return withoutAlpha(source)
  }
  const upright = source instanceof Blob ? await undecoded(source, { name, maxPixels, exif }) : source
  const bitmap = await createImageBitmap(upright, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
  }).catch(async (cause) => {
    throw await undecodable(source, name, cause)
  })
  try {
    return pixelsOf(bitmap, name, maxPixels)
  } finally {
    bitmap.close()
  }
}

/**
 * A file as it is decoded. One that says that it is too large is not: its pixels would take gigabytes.
 *
 * @throws ImageError for such a file
 */
async function undecoded(file: Blob, { name, maxPixels, exif }: Required<DecodeOptions>): Promise<Blob> {
  const head = new Uint8Array(
    await file
      .slice(0, 2 ** 18)
      .arrayBuffer()
      .catch(() => new ArrayBuffer(0)),
  )
  const stated = statedSize(head)
  if (stated) checkSize(stated, name, maxPixels)
  return exif === 'ignore' ? withoutOrientation(file, head) : file
}

/** APP1, in which cameras write EXIF data, and the start of the image, behind which there is none. */
const APP1 = 0xe1
const START_OF_SCAN = 0xda
const EXIF = [0x45, 0x78, 0x69, 0x66]

/**
 * Browsers turn a photo by its EXIF orientation, whatever `createImageBitmap` is asked for: the same JPEG file with that
 * data under another name, which decoders pass over.
 */
function withoutOrientation(file: Blob, head: Uint8Array<ArrayBuffer>): Blob {
  if (head[0] !== 0xff || head[1] !== 0xd8) return file
  let at = 2
  while (head[at] === 0xff && head[at + 1] !== START_OF_SCAN) {
    if (head[at + 1] === APP1 && EXIF.every((byte, i) => head[at + 4 + i] === byte)) {
      head[at + 4] = 0
      return new Blob([head, file.slice(head.length)])
    }
    at += 2 + ((head[at + 2] ?? 0) << 8) + (head[at + 3] ?? 0)
  }
  return file
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)

/** Whether it is of a class that this context has: workers have no elements, and older browsers no frames. */
const isOf = <K extends 'HTMLImageElement' | 'HTMLVideoElement' | 'ImageData'>(source: unknown, kind: K) => {
  const known = (globalThis as unknown as Record<string, (new () => unknown) | undefined>)[kind]
  return known !== undefined && source instanceof known
}

const isPixels = (source: ImageSource): source is ImageData => isOf(source, 'ImageData')

/** Waits for an image element. Throws ImageError where an element has nothing to show. */
async function untilShown(source: ImageSource, name: string): Promise<void> {
  if (isOf(source, 'HTMLImageElement')) {
    const image = source as HTMLImageElement
    await image.decode().catch((cause) => {
      throw new ImageError(`${name}: the image ${image.currentSrc || 'element'} cannot be loaded`, {
        cause,
        hint: 'Check its address, and that it is an image that this browser can show.',
      })
    })
  }
  if (isOf(source, 'HTMLVideoElement') && (source as HTMLVideoElement).readyState < 2) {
    throw new ImageError(`${name}: the video has no frame to show yet`, {
      hint: 'Wait for its event loadeddata; a camera that was refused never sends it.',
    })
  }
}

async function undecodable(source: ImageSource, name: string, cause: Error): Promise<ImageError> {
  if (!(source instanceof Blob)) {
    return new ImageError(`${name}: cannot be read (${cause.message})`, {
      cause,
      hint: 'Wait until the image has loaded; one of another origin has to allow this page (CORS).',
    })
  }
  const head = await source
    .slice(0, headBytes)
    .arrayBuffer()
    .catch(() => undefined)
  if (!head) {
    return new ImageError(`${name}: cannot be read`, {
      cause,
      hint: 'The file was moved or changed after it was chosen: choose it again.',
    })
  }
  const { kind, description } = identifyImage(new Uint8Array(head))
  const found = kind
    ? `${description} that is damaged or truncated, or of a kind that this browser cannot decode`
    : description.replace(', which this version cannot read', ', which this browser cannot decode')
  return new ImageError(`${name}: ${found}; expected a JPEG, PNG, WebP, GIF or AVIF image`, {
    cause,
    hint: 'Replace the file by an intact copy or convert it to JPEG, or leave it out.',
  })
}

function pixelsOf(bitmap: ImageBitmap, name: string, maxPixels: number): RgbImage {
  const { width, height } = bitmap
  checkSize(bitmap, name, maxPixels)
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    willReadFrequently: true,
    colorSpace: 'srgb',
  })
  if (!context) {
    throw new ImageError(`${name}: ${width} x ${height} pixels are more than this browser can draw`, {
      hint: 'Make the image smaller.',
    })
  }
  context.drawImage(bitmap, 0, 0)
  try {
    return withoutAlpha(context.getImageData(0, 0, width, height))
  } catch (cause) {
    throw new ImageError(`${name}: this page may not read its pixels (${(cause as Error).message})`, {
      cause,
      hint: 'An image of another origin has to allow this page (CORS), and be loaded with crossorigin="anonymous".',
    })
  }
}

function checkSize({ width, height }: { width: number; height: number }, name: string, maxPixels: number) {
  if (width * height <= maxPixels) return
  throw new ImageError(
    `${name}: ${width} x ${height} pixels; expected at most ${maxPixels / 1e6} megapixels`,
    {
      hint: 'Make the image smaller, or raise maxPixels.',
    },
  )
}

function withoutAlpha({ width, height, data: rgba }: ImageData): RgbImage {
  const data = new Uint8Array(width * height * 3)
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    data[to++] = rgba[from]!
    data[to++] = rgba[from + 1]!
    data[to++] = rgba[from + 2]!
  }
  return { width, height, data }
}
