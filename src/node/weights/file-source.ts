import type { FileHandle } from 'node:fs/promises'
import { WeightsError } from '../../core/errors.js'
import { type ByteSource, tooShort } from '../../core/weights/byte-source.js'
import { openRegular } from '../files/regular-file.js'

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
    handle = await openRegular(path)
    const status = await handle.stat()
    if (!status.isFile()) throw new WeightsError(`${path}: not a regular file, expected a weight file`)
    return new FileSource(path, status.size, handle)
  } catch (error) {
    await handle?.close()
    throw unreadable(path, error)
  }
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

function unreadable(path: string, error: unknown): WeightsError {
  if (error instanceof WeightsError) return error
  const code = (error as NodeJS.ErrnoException).code
  const found = code === 'ENOENT' ? 'no such file' : `cannot be read (${code ?? String(error)})`
  return new WeightsError(`${path}: ${found}`, { cause: error })
}
