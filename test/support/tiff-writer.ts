/** A TIFF of any depth: what encoders at hand do not write. */
export interface TiffPicture {
  readonly width: number
  readonly height: number
  /** Samples a pixel. */
  readonly bands: number
  /** Row by row, bands together; its type is the file's depth. */
  readonly samples:
    | Uint8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array
  /** EXIF orientation, 1 to 8. */
  readonly orientation?: number
}

const SHORT = 3
const LONG = 4

/** An uncompressed little-endian TIFF in one strip; one or two bands are grey, more are colour. */
export function tiffOf({ width, height, bands, samples, orientation = 1 }: TiffPicture): Uint8Array {
  const bits = 8 * samples.BYTES_PER_ELEMENT
  const kind =
    samples instanceof Float32Array || samples instanceof Float64Array
      ? 3
      : samples instanceof Int16Array || samples instanceof Int32Array
        ? 2
        : 1
  const colours = bands < 3 ? 1 : 3
  const entries: [tag: number, type: number, values: readonly number[]][] = [
    [256, LONG, [width]],
    [257, LONG, [height]],
    [258, SHORT, Array(bands).fill(bits)],
    [259, SHORT, [1]],
    [262, SHORT, [colours === 1 ? 1 : 2]],
    [273, LONG, [8]],
    [274, SHORT, [orientation]],
    [277, SHORT, [bands]],
    [278, LONG, [height]],
    [279, LONG, [samples.byteLength]],
    [284, SHORT, [1]],
    ...(bands > colours
      ? [[338, SHORT, Array(bands - colours).fill(0)] as [number, number, readonly number[]]]
      : []),
    [339, SHORT, Array(bands).fill(kind)],
  ]
  const directory = 8 + samples.byteLength + (samples.byteLength % 2)
  let free = directory + 2 + 12 * entries.length + 4
  const bytes = new Uint8Array(free + 8 * bands * 2)
  const view = new DataView(bytes.buffer)
  bytes.set([0x49, 0x49, 42, 0])
  view.setUint32(4, directory, true)
  bytes.set(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength), 8)
  view.setUint16(directory, entries.length, true)
  for (const [i, [tag, type, values]] of entries.entries()) {
    const at = directory + 2 + 12 * i
    const size = type === SHORT ? 2 : 4
    view.setUint16(at, tag, true)
    view.setUint16(at + 2, type, true)
    view.setUint32(at + 4, values.length, true)
    let to = at + 8
    if (size * values.length > 4) {
      view.setUint32(to, free, true)
      to = free
      free += size * values.length
    }
    for (const [k, value] of values.entries()) {
      if (type === SHORT) view.setUint16(to + 2 * k, value, true)
      else view.setUint32(to + 4 * k, value, true)
    }
  }
  return bytes
}
