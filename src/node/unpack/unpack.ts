import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { pathProblem } from '../files/paths.js'
import { type ArchiveEntry, ArchiveError, archiveError } from './archive-entry.js'
import { FolderWriter } from './folder-writer.js'
import { tarEntries } from './tar-entries.js'
import { zipEntries } from './zip-entries.js'

/** Limits for archives that others made. Tests set smaller ones. */
export const unpackLimits = {
  entries: 3_000_000,
  /** Content may exceed this many bytes, and then the archive's own size by `inflation`. */
  freeBytes: 2 ** 28,
  inflation: 20,
}

/**
 * Where an entry goes: a path below the folder; another such function for an archive inside of the archive, whose
 * entries it places; undefined where the entry is not wanted.
 */
export type Placement = (path: string) => string | Placement | undefined

/** Options of {@link unpackArchive}. */
export interface UnpackOptions {
  /** Default: every entry goes to its own path. */
  readonly place?: Placement
  readonly signal?: AbortSignal | undefined
  /** Bytes of the archive that were read so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

/** What {@link unpackArchive} did. */
export interface Unpacked {
  readonly written: number
  /** Files that were there already. */
  readonly kept: number
  /** Links and devices, which are never made. */
  readonly leftOut: readonly string[]
}

/**
 * Unpacks a zip or tar archive (gzip or not) into a folder. No entry leaves the folder, links are not made, checksums
 * are checked where the format has them. Unpacking that was interrupted at any moment goes on when it is called again:
 * files appear when they are whole, and those that are there stay.
 *
 * @throws ArchiveError when the archive is damaged, an entry would leave the folder or a limit is passed; UserError
 *   when a file cannot be written; the signal's reason when it aborts
 */
export async function unpackArchive(
  file: string,
  folder: string,
  options: UnpackOptions = {},
): Promise<Unpacked> {
  const { place = (path) => path, signal, onProgress } = options
  const { size } = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    throw new ArchiveError(`${file}: ${cause.code === 'ENOENT' ? 'does not exist' : cause.code}`, { cause })
  })
  const job = new Job(file, size, await FolderWriter.open(folder), signal)
  try {
    await job.run(
      (await isZip(file)) ? zipEntries(file, onProgress) : tarEntries(chunksOf(file, onProgress)),
      place,
    )
  } catch (cause) {
    // Whatever its reason is: of a time limit, it is an error like any other.
    signal?.throwIfAborted()
    throw archiveError(file, cause)
  }
  return job.result
}

class Job {
  readonly result = { written: 0, kept: 0, leftOut: [] as string[] }
  private entries = 0
  private bytes = 0

  constructor(
    private readonly file: string,
    private readonly size: number,
    private readonly writer: FolderWriter,
    private readonly signal: AbortSignal | undefined,
  ) {}

  async run(entries: AsyncIterable<ArchiveEntry>, place: Placement): Promise<void> {
    for await (const entry of entries) {
      this.signal?.throwIfAborted()
      if (++this.entries > unpackLimits.entries)
        throw this.refused(`has more than ${unpackLimits.entries} entries`)
      const path = this.pathOf(entry)
      if (path === undefined || entry.kind === 'folder' || isLitter(path)) continue
      const target = place(path)
      if (target === undefined) continue
      if (entry.kind !== 'file') this.result.leftOut.push(path)
      else if (typeof target === 'function') await this.run(tarEntries(entry.read()), target)
      else if (await this.writer.write(target, entry, (bytes) => this.count(bytes))) this.result.written++
      else this.result.kept++
    }
  }

  /** The entry's path without `./`, undefined for the root itself. */
  private pathOf({ path, kind }: ArchiveEntry): string | undefined {
    const parts = path.split('/').filter((part, i) => part !== '.' && (part !== '' || i === 0))
    const clean = parts.join('/')
    if (clean === '' && kind === 'folder') return undefined
    const problem = pathProblem(clean)
    if (problem) throw this.refused(`has an entry with ${problem}: ${JSON.stringify(path.slice(0, 200))}`)
    return clean
  }

  private count(bytes: number): void {
    this.signal?.throwIfAborted()
    this.bytes += bytes
    const { freeBytes, inflation } = unpackLimits
    if (this.bytes > freeBytes && this.bytes > inflation * this.size) {
      throw this.refused(`grows to more than ${this.bytes - bytes} bytes from ${this.size}`)
    }
  }

  private refused(what: string): ArchiveError {
    return new ArchiveError(`${this.file}: the archive ${what}`, {
      hint: 'It is not unpacked further; get it from its makers’ page.',
    })
  }
}

/** What operating systems add. */
const isLitter = (path: string): boolean =>
  path.split('/').some((part) => part.startsWith('._') || part === '.DS_Store' || part === '__MACOSX')

async function isZip(file: string): Promise<boolean> {
  const handle = await open(file)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0)
    return bytesRead === 4 && buffer.readUInt32LE() === 0x04034b50
  } finally {
    await handle.close()
  }
}

async function* chunksOf(file: string, onRead?: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  let done = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 })) {
    yield chunk
    done += chunk.length
    onRead?.(done)
  }
}
