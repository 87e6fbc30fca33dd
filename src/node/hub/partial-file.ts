import { createHash, type Hash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** What a file's bytes must hash to: SHA-256, or SHA-1 as git computes it for a blob. */
export type Checksum =
  | { readonly kind: 'sha256'; readonly hex: string }
  | { readonly kind: 'git-blob'; readonly hex: string; readonly size: number }

/** Begins the hash of a file from its first byte on. */
function startHash(checksum: Checksum): Hash {
  return checksum.kind === 'sha256'
    ? createHash('sha256')
    : createHash('sha1').update(`blob ${checksum.size}\0`)
}

/** A file that grows by downloading, with the hash of what it holds so far. */
export class PartialFile {
  private constructor(
    private readonly handle: FileHandle,
    private readonly checksum: Checksum,
    private hash: Hash,
    private length: number,
  ) {}

  /** Opens what an earlier download left, or an empty file. */
  static async open(path: string, checksum: Checksum): Promise<PartialFile> {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o666)
    const file = new PartialFile(handle, checksum, startHash(checksum), 0)
    try {
      const buffer = new Uint8Array(1 << 20)
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, file.length)
        if (bytesRead === 0) return file
        file.hash.update(buffer.subarray(0, bytesRead))
        file.length += bytesRead
      }
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Bytes that are there. */
  get size(): number {
    return this.length
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await this.handle.write(chunk, done, chunk.length - done, this.length + done)
      done += bytesWritten
    }
    this.hash.update(chunk)
    this.length += chunk.length
  }

  /** Drops everything. */
  async restart(): Promise<void> {
    if (this.length > 0) await this.handle.truncate(0)
    this.hash = startHash(this.checksum)
    this.length = 0
  }

  /** The hash of what is there, hexadecimal. */
  digest(): string {
    return this.hash.copy().digest('hex')
  }

  sync(): Promise<void> {
    return this.handle.sync()
  }

  close(): Promise<void> {
    return this.handle.close()
  }
}
