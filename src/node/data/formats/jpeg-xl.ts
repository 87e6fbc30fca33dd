import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import {
  type FormatDecoder,
  type ImageOfBytes,
  optionalPackage,
  rgbOfRgba,
  type Size,
} from './opened-image.js'

/** What is used of `@jsquash/jxl`. */
interface JxlDecode {
  init(module: WebAssembly.Module): Promise<unknown>
  default(bytes: Uint8Array): Promise<ImageOfBytes>
}

let decoder: Promise<JxlDecode> | undefined

/** Its own loader asks the network for the module, which Node refuses for files. */
async function load(): Promise<JxlDecode> {
  const codec = await optionalPackage<JxlDecode>('@jsquash/jxl/decode.js', 'a JPEG XL image')
  const file = createRequire(import.meta.url).resolve('@jsquash/jxl/codec/dec/jxl_dec.wasm')
  await codec.init(await WebAssembly.compile(await readFile(file)))
  return codec
}

/**
 * JPEG XL, the first frame, by libjxl as WebAssembly (the optional package `@jsquash/jxl`). The orientation is part of the
 * format's header, and libjxl applies it.
 */
export const openJpegXl: FormatDecoder = async (bytes) => {
  const size = jpegXlSize(bytes)
  decoder ??= load()
  const codec = await decoder.catch((error) => {
    decoder = undefined
    throw error
  })
  return { ...size, inStrips: false, pixels: async () => rgbOfRgba(await codec.default(bytes)) }
}

/** Ratios of width to height that a header may name. */
const ratios = [
  [1, 1],
  [12, 10],
  [4, 3],
  [3, 2],
  [16, 9],
  [5, 4],
  [2, 1],
] as const

/**
 * Size of the picture as it is seen, from the header (ISO/IEC 18181-1, SizeHeader); decoders tell it only with the pixels,
 * which may be too many. Where the orientation exchanges the sides, they are given as stored.
 *
 * @throws Error where there is no such header
 */
export function jpegXlSize(bytes: Uint8Array): Size {
  const stream = codestream(bytes)
  let at = 16
  const bits = (count: number): number => {
    let value = 0
    for (let i = 0; i < count; i++, at++) {
      const byte = stream[at >> 3]
      if (byte === undefined) throw new Error('the header is cut off')
      value += ((byte >> (at & 7)) & 1) * 2 ** i
    }
    return value
  }
  const small = bits(1) === 1
  const side = () => (small ? 8 * (bits(5) + 1) : bits([9, 13, 18, 30][bits(2)]!) + 1)
  const height = side()
  const ratio = bits(3)
  if (ratio === 0) return { width: side(), height }
  const [across, down] = ratios[ratio - 1]!
  return { width: Math.floor((height * across) / down), height }
}

/** The codestream of a file: all of it, or what its first box with one holds. */
function codestream(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0xff && bytes[1] === 0x0a) return bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at + 8 <= bytes.length; ) {
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const short = view.getUint32(at)
    const header = short === 1 ? 16 : 8
    if (at + header > bytes.length) break
    const length = short === 0 ? bytes.length - at : short === 1 ? Number(view.getBigUint64(at + 8)) : short
    if (kind === 'jxlc') return bytes.subarray(at + header)
    if (kind === 'jxlp') return bytes.subarray(at + header + 4)
    if (length < header) break
    at += length
  }
  throw new Error('there is no codestream in it')
}
