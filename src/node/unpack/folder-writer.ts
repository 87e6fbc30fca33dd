import { type FileHandle, lstat, mkdir, open, realpath, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { writeError } from '../files/atomic.js'
import { makeFolder } from '../files/make-folder.js'
import { isInside } from '../files/paths.js'
import { type ArchiveEntry, ArchiveError } from './archive-entry.js'

const IN_THE_WAY = 'Move it away and call this again.'

/**
 * Writes files below a folder and nowhere else: a symbolic link on the way that leads out is refused, before anything
 * is made there. A file appears under its name when it is whole.
 */
export class FolderWriter {
  private readonly ready = new Set<string>()

  private constructor(
    readonly folder: string,
    private readonly real: string,
  ) {}

  static async open(folder: string): Promise<FolderWriter> {
    try {
      await makeFolder(folder)
      return new FolderWriter(folder, await realpath(folder))
    } catch (cause) {
      throw writeError(folder, cause)
    }
  }

  /**
   * Writes an entry's content, unless there is a file of that size already.
   *
   * @param path relative, with slashes, without `..`
   * @param onChunk bytes about to be written; may throw
   * @returns whether it was written
   */
  async write(path: string, entry: ArchiveEntry, onChunk: (bytes: number) => void): Promise<boolean> {
    const target = join(this.folder, path)
    const folder = dirname(target)
    await this.makeReady(folder)
    const there = await lstat(target).catch(() => undefined)
    if (there?.isDirectory())
      throw new ArchiveError(`${target}: is a folder; the archive has a file there`, { hint: IN_THE_WAY })
    if (there?.isFile() && there.size === entry.size) return false

    const temporary = join(folder, `.${basename(target)}.part`)
    const orFail = <T>(action: Promise<T>): Promise<T> =>
      action.catch((cause) => {
        throw writeError(target, cause)
      })
    const handle = await orFail(openNew(temporary))
    try {
      let written = 0
      for await (const chunk of entry.read()) {
        written += chunk.length
        if (written > entry.size) throw new Error(`"${entry.path}" is longer than its ${entry.size} bytes`)
        onChunk(chunk.length)
        await orFail(handle.writeFile(chunk))
      }
      if (written < entry.size)
        throw new Error(`"${entry.path}" has ${written} bytes, expected ${entry.size}`)
      await orFail(handle.close())
      await orFail(rename(temporary, target))
    } catch (error) {
      await handle.close().catch(() => {})
      await rm(temporary, { force: true })
      throw error
    }
    return true
  }

  /** Makes a folder below the own one, a step at a time. */
  private async makeReady(folder: string): Promise<void> {
    if (folder === this.folder || folder === '.' || this.ready.has(folder)) return
    await this.makeReady(dirname(folder))
    const there = await lstat(folder).catch(() => undefined)
    if (there?.isSymbolicLink()) {
      const real = await realpath(folder).catch(() => undefined)
      if (real === undefined || !isInside(real, this.real)) {
        throw new ArchiveError(`${folder}: a symbolic link that leads out of ${this.folder}`, {
          hint: 'Nothing is unpacked through it. Remove the link, or unpack the archive yourself.',
        })
      }
    } else if (there && !there.isDirectory()) {
      throw new ArchiveError(`${folder}: is a file; the archive has a folder there`, { hint: IN_THE_WAY })
    } else if (!there) {
      await mkdir(folder).catch((cause) => {
        throw writeError(folder, cause)
      })
    }
    this.ready.add(folder)
  }
}

/** A new file, in place of what an earlier attempt may have left under that name. */
async function openNew(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await rm(path, { force: true })
    return open(path, 'wx')
  }
}
