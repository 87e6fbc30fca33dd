const [VARINT, LENGTH_DELIMITED, BIT32] = [0, 2, 5]

/** Writes protobuf's messages field by field (its encoding: https://protobuf.dev/programming-guides/encoding). */
export class MessageWriter {
  private buffer = new Uint8Array(1024)
  private size = 0

  /** An int32, int64 or enum. */
  integer(field: number, value: number): void {
    this.tag(field, VARINT)
    this.varint(value)
  }

  float(field: number, value: number): void {
    this.tag(field, BIT32)
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    this.raw(bytes)
  }

  string(field: number, value: string): void {
    this.bytes(field, new TextEncoder().encode(value))
  }

  bytes(field: number, value: Uint8Array): void {
    this.head(field, value.length)
    this.raw(value)
  }

  message(field: number, write: () => void): void {
    this.tag(field, LENGTH_DELIMITED)
    const start = this.size
    write()
    const end = this.size
    // The length stands before the content, which tells it.
    this.varint(end - start)
    const length = this.buffer.slice(end, this.size)
    this.buffer.copyWithin(start + length.length, start, end)
    this.buffer.set(length, start)
  }

  /** The head of bytes or a message of that length, which are to follow. */
  head(field: number, length: number): void {
    this.tag(field, LENGTH_DELIMITED)
    this.varint(length)
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    const before = this.buffer
    if (this.size + bytes.length > before.length) {
      this.buffer = new Uint8Array(2 * (this.size + bytes.length))
      this.buffer.set(before)
    }
    this.buffer.set(bytes, this.size)
    this.size += bytes.length
  }

  /** All that was written. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.size)
  }

  private tag(field: number, type: number): void {
    this.varint(8 * field + type)
  }

  /** Seven bits a byte, the lowest first; negative numbers as 64 bits in two's complement. */
  private varint(value: number): void {
    const bytes: number[] = []
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
    this.raw(Uint8Array.of(...bytes, Number(rest)))
  }
}
