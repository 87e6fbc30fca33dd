import { type FileHandle, open } from 'node:fs/promises'
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

/** A single read system call moves less than 2 GiB. */
const maxReadBytes = 2 ** 30

/**
 * Opens a regular file for reading.
 *
 * @throws WeightsError when the file is missing, not readable or not a regular file
 */
export async function fileSource(path: string): Promise<ByteSource> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    const status = await handle.stat()
    if (!status.isFile()) throw new WeightsError(`${path}: not a regular file, expected a weight file`)
    return new FileSource(path, status.size, handle)
  } catch (error) {
    await handle?.close()
    throw unreadable(path, error)
  }
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

class FileSource implements ByteSource {
  constructor(
    readonly name: string,
    readonly size: number,
    private readonly handle: FileHandle,
  ) {}

  async readInto(target: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < target.length; ) {
      const length = Math.min(target.length - done, maxReadBytes)
      const { bytesRead } = await this.handle.read(target, done, length, position + done).catch((error) => {
        throw unreadable(this.name, error)
      })
      if (bytesRead === 0) throw tooShort(this.name)
      done += bytesRead
    }
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}

function tooShort(name: string): WeightsError {
  return new WeightsError(`${name}: ends before all of its tensors do`, {
    hint: 'The file is truncated: copy or download it again.',
  })
}

function unreadable(path: string, error: unknown): WeightsError {
  if (error instanceof WeightsError) return error
  const code = (error as NodeJS.ErrnoException).code
  const found = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? String(error)})`
  return new WeightsError(`${path}: ${found}`, { cause: error })
}
