import { PickleProblem } from './pickle-globals.js'

/** The bytes end in the middle of a pickle. */
export class PickleTruncated extends PickleProblem {
  constructor() {
    super('ends before its last instruction')
  }
}

/** Reads the operands of pickle instructions, never past the end. */
export class PickleReader {
  private readonly view: DataView
  constructor(
    private readonly bytes: Uint8Array,
    public position: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  uint8(): number {
    return this.view.getUint8(this.advance(1))
  }
  uint16(): number {
    return this.view.getUint16(this.advance(2), true)
  }
  int32(): number {
    return this.view.getInt32(this.advance(4), true)
  }
  uint32(): number {
    return this.view.getUint32(this.advance(4), true)
  }
  /** A length of eight bytes; anything beyond the bytes is reported by the read that follows. */
  uint64(): number {
    return Number(this.view.getBigUint64(this.advance(8), true))
  }
  /** Big-endian, unlike everything else in a pickle. */
  float64(): number {
    return this.view.getFloat64(this.advance(8), false)
  }
  /** A copy. */
  bytesOf(length: number): Uint8Array {
    const start = this.advance(length)
    return new Uint8Array(this.bytes.subarray(start, start + length))
  }
  text(length: number): string {
    const start = this.advance(length)
    return decoder.decode(this.bytes.subarray(start, start + length))
  }
  latin1(length: number): string {
    return latin1.decode(this.bytesOf(length))
  }
  /** Up to the next line feed, which is skipped. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.position)
    if (end < 0) throw new PickleTruncated()
    if (end - this.position > 4096) throw new PickleProblem('has a name of more than 4096 bytes')
    const text = this.text(end - this.position)
    this.position++
    return text
  }
  /** Little-endian two's complement of any length; a number where it is exact, else a bigint. */
  integer(length: number): number | bigint {
    if (length > 64) throw new PickleProblem(`has an integer of ${length} bytes`)
    let value = 0n
    for (const byte of this.bytesOf(length).reverse()) value = (value << 8n) | BigInt(byte)
    value = BigInt.asIntN(8 * length, value)
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }

  private advance(length: number): number {
    const start = this.position
    if (!(start + length <= this.bytes.length)) throw new PickleTruncated()
    this.position += length
    return start
  }
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const latin1 = new TextDecoder('latin1')
