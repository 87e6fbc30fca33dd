import { type FormatDecoder, Refused } from './opened-image.js'

const HEADER = 14
/** Values of the header's `compression`. */
const PLAIN = 0
const BIT_FIELDS = 3
const ALPHA_BIT_FIELDS = 6

interface Layout {
  readonly width: number
  readonly height: number
  readonly bits: number
  readonly fromTop: boolean
  /** Where rows begin, and bytes from one to the next. */
  readonly start: number
  readonly stride: number
  /** Blue, green and red of every index, `step` bytes each. */
  readonly palette: { readonly at: number; readonly step: number; readonly colours: number }
  /** Red, green and blue in a value of 16 or 32 bits. */
  readonly masks: readonly [number, number, number]
}

/**
 * Windows bitmaps of 1 to 32 bits a pixel, those of OS/2 as well, as Pillow reads them; compressed ones are refused. Alpha is
 * dropped.
 */
export const openBmp: FormatDecoder = async (bytes) => {
  const layout = layoutOf(bytes)
  const { width, height } = layout
  return {
    width,
    height,
    inStrips: false,
    pixels: async () => ({ width, height, data: pixelsOf(bytes, layout) }),
  }
}

function layoutOf(bytes: Uint8Array): Layout {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = view.getUint32(HEADER, true)
  // The first header of OS/2 has shorter fields.
  const old = size === 12
  if (!old && (size < 40 || size > 1024)) throw new Error(`header of ${size} bytes`)
  const width = old ? view.getUint16(18, true) : view.getInt32(18, true)
  const signedHeight = old ? view.getUint16(20, true) : view.getInt32(22, true)
  const bits = view.getUint16(old ? 24 : 28, true)
  const compression = old ? PLAIN : view.getUint32(30, true)
  if (![PLAIN, BIT_FIELDS, ALPHA_BIT_FIELDS].includes(compression)) {
    throw new Refused(
      `a BMP image whose pixels are compressed (kind ${compression})`,
      'Save it without compression, or convert it to PNG.',
    )
  }
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new Error(`${bits} bits a pixel`)
  if (width < 1 || signedHeight === 0) throw new Error(`${width} x ${signedHeight} pixels`)
  const height = Math.abs(signedHeight)
  const start = view.getUint32(10, true)
  const stride = Math.ceil((width * bits) / 32) * 4
  if (start + stride * height > bytes.length) throw new Error('its pixels are cut off')
  const fields = compression !== PLAIN
  const mask = (i: number) => view.getUint32(HEADER + 40 + 4 * i, true)
  const colours = bits > 8 ? 0 : (old ? 0 : Math.min(view.getUint32(46, true), 256)) || 2 ** bits
  const step = old ? 3 : 4
  const at = HEADER + size + (fields && size === 40 ? (compression === BIT_FIELDS ? 12 : 16) : 0)
  if (at + colours * step > bytes.length) throw new Error('its colours are cut off')
  return {
    width,
    height,
    bits,
    fromTop: signedHeight < 0,
    start,
    stride,
    palette: { at, step, colours },
    masks: fields
      ? [mask(0), mask(1), mask(2)]
      : bits === 16
        ? [0x7c00, 0x03e0, 0x001f]
        : [0xff0000, 0xff00, 0xff],
  }
}

function pixelsOf(bytes: Uint8Array, layout: Layout): Uint8Array {
  const { width, height, bits, fromTop, start, stride } = layout
  const rgb = new Uint8Array(width * height * 3)
  const put = bits <= 8 ? indexed(bytes, layout) : bits === 24 ? plain(bytes) : masked(bytes, layout)
  for (let y = 0; y < height; y++) {
    const row = start + stride * (fromTop ? y : height - 1 - y)
    for (let x = 0; x < width; x++) put(row, x, rgb, (y * width + x) * 3)
  }
  return rgb
}

/** Writes the pixel in column `x` of the row that begins at `row` to `rgb[to]`, and the two after it. */
type Put = (row: number, x: number, rgb: Uint8Array, to: number) => void

const plain =
  (bytes: Uint8Array): Put =>
  (row, x, rgb, to) => {
    for (let channel = 0; channel < 3; channel++) rgb[to + channel] = bytes[row + 3 * x + 2 - channel]!
  }

function indexed(bytes: Uint8Array, { bits, palette: { at, step, colours } }: Layout): Put {
  const perByte = 8 / bits
  return (row, x, rgb, to) => {
    const byte = bytes[row + Math.floor(x / perByte)]!
    const index = (byte >> (8 - bits * ((x % perByte) + 1))) & (2 ** bits - 1)
    // As other readers have it, an index beyond the colours is black.
    if (index >= colours) return
    for (let channel = 0; channel < 3; channel++) rgb[to + channel] = bytes[at + step * index + 2 - channel]!
  }
}

function masked(bytes: Uint8Array, { bits, masks }: Layout): Put {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields = masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask)
    return { mask, shift, most: mask >>> shift || 1 }
  })
  return (row, x, rgb, to) => {
    const value = bits === 16 ? view.getUint16(row + 2 * x, true) : view.getUint32(row + 4 * x, true)
    for (const [channel, { mask, shift, most }] of fields.entries()) {
      rgb[to + channel] = Math.floor((((value & mask) >>> shift) * 255) / most)
    }
  }
}
