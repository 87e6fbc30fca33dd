import { limiter } from '../../../core/data/ahead.js'
import { type FormatDecoder, type ImageOfBytes, optionalPackage, rgbOfRgba } from './opened-image.js'

/** What is used of `heic-decode`, which comes without types. */
interface HeicDecode {
  readonly default: {
    all(input: { readonly buffer: Uint8Array }): Promise<
      readonly HeicImage[] & {
        dispose(): void
      }
    >
  }
}

interface HeicImage {
  readonly width: number
  readonly height: number
  decode(): Promise<ImageOfBytes>
}

/** How the decoder begins what it prints of damaged files, on standard output, which belongs to results. */
const chatter = [
  'Could not create HEIF context',
  'Could not get image data for id',
  'Could not parse HEIF file',
  'Decoding image failed',
  'Error loading image ids',
  'No images found',
]

/** Does without what the decoder prints; the faults are thrown as well. */
async function quietly<T>(task: () => Promise<T>): Promise<T> {
  const { log } = console
  const filtered: typeof log = (...values) => {
    if (!chatter.includes(String(values[0]))) log(...values)
  }
  console.log = filtered
  try {
    return await task()
  } finally {
    if (console.log === filtered) console.log = log
  }
}

/** The decoder is one module with one memory. */
const oneByOne = limiter(1)

/**
 * HEIC and HEIF, the first picture of a file, by libheif as WebAssembly (the optional package `heic-decode`). Rotation and
 * mirroring are part of the format, and libheif applies them whatever the EXIF data says.
 */
export const openHeic: FormatDecoder = async (bytes) => {
  const { default: heic } = await optionalPackage<HeicDecode>('heic-decode', 'a HEIC image')
  const images = await oneByOne(() => quietly(() => heic.all({ buffer: bytes })))
  const first = images[0]!
  return {
    width: first.width,
    height: first.height,
    inStrips: false,
    pixels: async () => rgbOfRgba(await oneByOne(() => quietly(() => first.decode()))),
    close: () => images.dispose(),
  }
}
