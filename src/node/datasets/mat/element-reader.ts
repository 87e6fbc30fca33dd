/** Storage types of MAT-file data elements. */
export const storage = {
  int8: 1,
  uint8: 2,
  int16: 3,
  uint16: 4,
  int32: 5,
  uint32: 6,
  single: 7,
  double: 9,
  int64: 12,
  uint64: 13,
  matrix: 14,
  compressed: 15,
  utf8: 16,
  utf16: 17,
  utf32: 18,
} as const

/** A tagged piece of a MAT-file. */
export interface Element {
  readonly type: number
  readonly data: Uint8Array
}

/** Why a file cannot be read; the reader's caller says which file. */
export class MatProblem extends Error {}

/** Walks through the data elements in a stretch of bytes. */
export class ElementReader {
  private position = 0
  private readonly view: DataView

  constructor(
    private readonly bytes: Uint8Array,
    readonly littleEndian: boolean,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.bytes.length - this.position
  }

  /** @throws MatProblem when the element reaches beyond the bytes there are */
  next(): Element {
    if (this.left < 8) throw new MatProblem(`ends inside a data element (${this.left} bytes left)`)
    const first = this.view.getUint32(this.position, this.littleEndian)
    const smallSize = first >>> 16
    if (smallSize > 0) {
      if (smallSize > 4)
        throw new MatProblem(`a small data element of ${smallSize} bytes; expected at most 4`)
      const start = this.position + 4
      this.position += 8
      return { type: first & 0xffff, data: this.bytes.subarray(start, start + smallSize) }
    }
    const size = this.view.getUint32(this.position + 4, this.littleEndian)
    if (size > this.left - 8) {
      throw new MatProblem(`a data element of ${size} bytes, but ${this.left - 8} are left`)
    }
    const start = this.position + 8
    const padded = first === storage.compressed ? size : Math.ceil(size / 8) * 8
    this.position = Math.min(start + padded, this.bytes.length)
    return { type: first, data: this.bytes.subarray(start, start + size) }
  }
}

type Getter = (view: DataView, offset: number, littleEndian: boolean) => number

const numberTypes: ReadonlyMap<number, readonly [bytes: number, get: Getter]> = new Map([
  [storage.int8, [1, (view: DataView, at: number) => view.getInt8(at)]],
  [storage.uint8, [1, (view: DataView, at: number) => view.getUint8(at)]],
  [storage.int16, [2, (view: DataView, at: number, little: boolean) => view.getInt16(at, little)]],
  [storage.uint16, [2, (view: DataView, at: number, little: boolean) => view.getUint16(at, little)]],
  [storage.int32, [4, (view: DataView, at: number, little: boolean) => view.getInt32(at, little)]],
  [storage.uint32, [4, (view: DataView, at: number, little: boolean) => view.getUint32(at, little)]],
  [storage.single, [4, (view: DataView, at: number, little: boolean) => view.getFloat32(at, little)]],
  [storage.double, [8, (view: DataView, at: number, little: boolean) => view.getFloat64(at, little)]],
  [storage.int64, [8, (view: DataView, at: number, little: boolean) => Number(view.getBigInt64(at, little))]],
  [
    storage.uint64,
    [8, (view: DataView, at: number, little: boolean) => Number(view.getBigUint64(at, little))],
  ],
])

/**
 * The numbers of an element; MATLAB stores them in the smallest type that holds them all.
 *
 * @throws MatProblem when it is not of a numeric type or not a whole number of values
 */
export function numbersOf({ type, data }: Element, littleEndian: boolean): Float64Array {
  const found = numberTypes.get(type)
  if (!found) throw new MatProblem(`storage type ${type}; expected numbers`)
  const [bytes, get] = found
  if (data.length % bytes !== 0) {
    throw new MatProblem(`${data.length} bytes of numbers; expected a multiple of ${bytes}`)
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const values = new Float64Array(data.length / bytes)
  for (let i = 0; i < values.length; i++) values[i] = get(view, i * bytes, littleEndian)
  return values
}

/**
 * The characters of an element.
 *
 * @throws MatProblem when it is not of a type for characters
 */
export function textOf(element: Element, littleEndian: boolean): string {
  const { type, data } = element
  if (type === storage.utf8) return new TextDecoder().decode(data)
  if (type === storage.utf16) return new TextDecoder(littleEndian ? 'utf-16le' : 'utf-16be').decode(data)
  const codes = numbersOf(type === storage.utf32 ? { type: storage.uint32, data } : element, littleEndian)
  let text = ''
  for (const code of codes) {
    if (!(Number.isInteger(code) && code >= 0 && code <= 0x10ffff)) {
      throw new MatProblem(`character code ${code}`)
    }
    text += String.fromCodePoint(code)
  }
  return text
}
