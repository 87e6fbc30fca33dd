import { WeightsError } from '../errors.js'

/** Random access to the bytes of a file or of a buffer. */
export interface ByteSource {
  /** The path, or what else names the bytes in messages. */
  readonly name: string
  /** In bytes. */
  readonly size: number
  /** Fills all of `target` from `position` on. Throws WeightsError when the bytes end before. */
  readInto(target: Uint8Array, position: number): Promise<void>
  close(): Promise<void>
}

/** Bytes that are in memory already. */
export function memorySource(bytes: Uint8Array, name: string): ByteSource {
  return {
    name,
    size: bytes.length,
    async readInto(target, position) {
      if (!(position >= 0 && position + target.length <= bytes.length)) throw tooShort(name)
      target.set(bytes.subarray(position, position + target.length))
    },
    async close() {},
  }
}

/** `length` bytes from `position` on, in a buffer of their own. The caller has checked that they are in the file. */
export async function readBytes(source: ByteSource, position: number, length: number): Promise<Uint8Array> {
  if (!(length >= 0 && position >= 0 && position + length <= source.size)) throw tooShort(source.name)
  const bytes = new Uint8Array(length)
  await source.readInto(bytes, position)
  return bytes
}

/** The error of bytes that end before a tensor does. */
export function tooShort(name: string): WeightsError {
  return new WeightsError(`${name}: ends before all of its tensors do`, {
    hint: 'The file is truncated: copy or download it again.',
  })
}
