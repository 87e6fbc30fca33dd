import type { RgbImage } from '../../../core/image/resize.js'

/** Width and height in pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** A picture whose header was read. Sizes are those of the stored pixels, before any orientation is applied. */
export interface OpenedImage extends Size {
  /** EXIF orientation, 1 to 8; absent where there is none, or the decoder has applied it as its format wants. */
  readonly orientation?: number | undefined
  /** Whether it can be shrunk while it is decoded, so that memory stays bounded. */
  readonly inStrips: boolean
  /**
   * Decodes it, to its own size or, in strips, to a smaller one. A decoder that turns a picture upright may exchange its sides.
   */
  pixels(size: Size): Promise<RgbImage>
  /** Frees what was opened. */
  close?(): void
}

/** What a decoder is told. */
export interface FormatOptions {
  /** `clip` as Pillow does, `scale` so that no picture turns white: what becomes of grey levels beyond 255. */
  readonly deepGrey: 'clip' | 'scale'
  /** Told what was made of an unusual picture. */
  readonly onRemark?: ((remark: string) => void) | undefined
}

/** Opens the bytes of a file. Faults of the file are thrown as any error, what is refused as {@link Refused}. */
export type FormatDecoder = (bytes: Uint8Array, options: FormatOptions) => Promise<OpenedImage>

/** What a picture is refused for; the caller puts the file's name before it. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message)
  }
}

/** RGB of RGBA, alpha dropped. */
export function rgbOfRgba({ width, height, data: rgba }: ImageOfBytes): RgbImage {
  const rgb = new Uint8Array((rgba.length / 4) * 3)
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    rgb[to++] = rgba[from]!
    rgb[to++] = rgba[from + 1]!
    rgb[to++] = rgba[from + 2]!
  }
  return { width, height, data: rgb }
}

/** What decoders give: width x height x 4 bytes. */
export interface ImageOfBytes extends Size {
  readonly data: Uint8Array | Uint8ClampedArray
}

/**
 * A package that is loaded when the first picture needs it. It is not among this package's dependencies, so that nobody
 * fetches it who has no such picture.
 *
 * @throws Refused naming the command that installs it
 */
export async function optionalPackage<T>(specifier: string, what: string): Promise<T> {
  const name = specifier.startsWith('@') ? specifier.split('/', 2).join('/') : specifier.split('/', 1)[0]!
  try {
    return (await import(specifier)) as T
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const missing = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
    throw new Refused(
      missing
        ? `${what}, which is read by the package ${name}; it is not installed`
        : `${what}: the package ${name} cannot be loaded (${message})`,
      `Install it beside promptsrc (npm install ${name}), or convert the file to PNG or JPEG.`,
    )
  }
}
