import { promisify } from 'node:util'
import { crc32, inflateRaw } from 'node:zlib'
import { WeightsError } from '../../../core/errors.js'
import { type ByteSource, readBytes } from '../../../core/weights/byte-source.js'
import {
  pieceBytes,
  scanBytes,
  type TensorStorage,
  type Visit,
} from '../../../core/weights/tensor-storage.js'

/** One file of a zip archive. */
export interface ZipRecord extends TensorStorage {
  readonly path: string
  /** In bytes, inflated. */
  readonly size: number
}

/** Where a record's bytes lie and what the directory says of them. */
export interface RecordSpan {
  readonly source: ByteSource
  readonly path: string
  readonly position: number
  readonly size: number
  readonly crc: number
}

/** A record whose bytes lie in the archive as they are: parts of it can be read. */
export class StoredRecord implements ZipRecord {
  readonly path: string
  readonly size: number
  private checked: Promise<void> | undefined

  constructor(private readonly span: RecordSpan) {
    this.path = span.path
    this.size = span.size
  }

  async readInto(target: Uint8Array, position: number): Promise<void> {
    const isWhole = this.begin(position, target.length)
    if (!isWhole) await this.check()
    await this.span.source.readInto(target, this.span.position + position)
    if (isWhole) this.finish(crc32(target))
  }

  async scan(position: number, length: number, visit: Visit): Promise<void> {
    const isWhole = this.begin(position, length)
    if (!isWhole) await this.check()
    let crc = 0
    await scanBytes(this.span.source, this.span.position + position, length, (piece) => {
      if (isWhole) crc = crc32(piece, crc)
      visit(piece)
    })
    if (isWhole) this.finish(crc)
  }

  /** Whether a read covers all of a record that was not checked yet, and so can check it in passing. */
  private begin(position: number, length: number): boolean {
    const { source, path, size } = this.span
    if (position + length > size)
      throw damagedArchive(source.name, `record ${quote(path)} has only ${size} bytes`)
    return length === size && !this.checked
  }

  private finish(crc: number): void {
    checkCrc(crc, this.span)
    this.checked = Promise.resolve()
  }

  private check(): Promise<void> {
    const { source, position, size } = this.span
    const crcOfAll = async () => {
      let crc = 0
      await scanBytes(source, position, size, (piece) => {
        crc = crc32(piece, crc)
      })
      checkCrc(crc, this.span)
    }
    this.checked ??= crcOfAll()
    return this.checked
  }
}

/** A compressed record: inflated as a whole; the archive keeps the one read last. */
export class DeflatedRecord implements ZipRecord {
  readonly path: string
  readonly size: number

  constructor(
    private readonly span: RecordSpan & { readonly compressedSize: number },
    private readonly last: { path: string; bytes: Promise<Uint8Array> },
  ) {
    this.path = span.path
    this.size = span.size
  }

  async readInto(target: Uint8Array, position: number): Promise<void> {
    target.set(await this.part(position, target.length))
  }

  async scan(position: number, length: number, visit: Visit): Promise<void> {
    const bytes = await this.part(position, length)
    // Copies, because a piece starts at its buffer's beginning and an inflated buffer may not.
    for (let done = 0; done < length; done += pieceBytes) {
      visit(new Uint8Array(bytes.subarray(done, done + pieceBytes)))
    }
  }

  private async part(position: number, length: number): Promise<Uint8Array> {
    const { source, path, size } = this.span
    if (position + length > size)
      throw damagedArchive(source.name, `record ${quote(path)} has only ${size} bytes`)
    if (this.last.path !== path) {
      this.last.path = path
      this.last.bytes = this.inflate()
    }
    return (await this.last.bytes).subarray(position, position + length)
  }

  private async inflate(): Promise<Uint8Array> {
    const { source, path, position, size, compressedSize } = this.span
    const compressed = await readBytes(source, position, compressedSize)
    const bytes = await promisify(inflateRaw)(compressed, { maxOutputLength: size + 1 }).catch(
      (cause: Error) => {
        throw damagedArchive(
          source.name,
          `record ${quote(path)} cannot be inflated to its ${size} bytes (${cause.message})`,
        )
      },
    )
    if (bytes.length !== size) {
      throw damagedArchive(
        source.name,
        `record ${quote(path)} inflates to ${bytes.length} bytes, expected ${size}`,
      )
    }
    checkCrc(crc32(bytes), this.span)
    return bytes
  }
}

function checkCrc(found: number, { source, path, crc }: RecordSpan): void {
  if (found !== crc) throw damagedArchive(source.name, `record ${quote(path)} does not match its checksum`)
}

/** A path for messages. */
export const quote = (path: string): string => JSON.stringify(path.slice(0, 200))

export function damagedArchive(name: string, problem: string): WeightsError {
  return new WeightsError(`${name}: the archive is damaged: ${problem}`, {
    hint: 'Copy or download the file again.',
  })
}
