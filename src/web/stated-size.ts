/** Width and height in pixels. */
export interface StatedSize {
  readonly width: number
  readonly height: number
}

/** Frames of JPEG: all of SOF0 to SOF15, among which are three other markers. */
const isFrame = (marker: number) => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
const START_OF_SCAN = 0xda

/**
 * The size that the first bytes of a JPEG, PNG or WebP file state, before anything is decoded; undefined for other files, and
 * where it stands further behind.
 */
export function statedSize(head: Uint8Array): StatedSize | undefined {
  const bytes = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const text = (at: number, length: number) => String.fromCharCode(...head.subarray(at, at + length))
  if (head.length >= 24 && text(1, 3) === 'PNG') {
    return { width: bytes.getUint32(16), height: bytes.getUint32(20) }
  }
  if (head.length >= 30 && text(0, 4) === 'RIFF' && text(8, 4) === 'WEBP') {
    const form = text(12, 4)
    if (form === 'VP8X') {
      const lessOne = (at: number) => bytes.getUint16(at, true) + (head[at + 2]! << 16)
      return { width: 1 + lessOne(24), height: 1 + lessOne(27) }
    }
    if (form === 'VP8L') {
      const bits = bytes.getUint32(21, true)
      return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) }
    }
    return { width: bytes.getUint16(26, true) & 0x3fff, height: bytes.getUint16(28, true) & 0x3fff }
  }
  if (head[0] !== 0xff || head[1] !== 0xd8) return undefined
  for (let at = 2; at + 9 <= head.length && head[at] === 0xff && head[at + 1] !== START_OF_SCAN; ) {
    if (isFrame(head[at + 1]!)) return { width: bytes.getUint16(at + 7), height: bytes.getUint16(at + 5) }
    at += 2 + bytes.getUint16(at + 2)
  }
  return undefined
}
