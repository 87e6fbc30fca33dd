import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../../core/errors.js'
import { makeFolder } from './make-folder.js'

/** A file that replaces another one only when it is complete. */
export interface AtomicFile {
  write(data: Uint8Array | string): Promise<void>
  /** Puts the file in place: fsync, rename, fsync of the folder. */
  commit(): Promise<void>
  /** Leaves what was there before. Without effect after a commit. */
  abort(): Promise<void>
}

/**
 * Begins to replace `path`, creating its folder where needed. A reader sees the old content or the whole new content.
 *
 * @throws UserError naming the path when the folder cannot be written or the disk is full
 */
export async function atomicFile(path: string): Promise<AtomicFile> {
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`)
  let handle: FileHandle | undefined
  const fail = async (cause: unknown): Promise<never> => {
    await handle?.close().catch(() => {})
    handle = undefined
    await rm(temporary, { force: true }).catch(() => {})
    throw writeError(path, cause)
  }
  const opened = (): FileHandle => {
    if (!handle) throw new Error(`${path}: written to after it was committed, aborted or had failed`)
    return handle
  }
  try {
    await makeFolder(folder)
    handle = await open(temporary, 'wx')
  } catch (cause) {
    return await fail(cause)
  }
  return {
    async write(data) {
      await opened().writeFile(data).catch(fail)
    },
    async commit() {
      const file = opened()
      try {
        await file.sync()
        await file.close()
        handle = undefined
        await rename(temporary, path)
      } catch (cause) {
        await fail(cause)
      }
      await syncFolder(folder)
    },
    async abort() {
      if (!handle) return
      await handle.close().catch(() => {})
      handle = undefined
      await rm(temporary, { force: true })
    },
  }
}

/**
 * Writes a whole file so that a crash at any moment leaves the old content or the new.
 *
 * @throws UserError naming the path when it cannot be written
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array): Promise<void> {
  const file = await atomicFile(path)
  await file.write(data)
  await file.commit()
}

/** Makes a rename durable. Some platforms cannot open folders; there it is up to the file system. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined)
  await handle?.sync().catch(() => {})
  await handle?.close()
}

const hints: Readonly<Record<string, [problem: string, hint: string]>> = {
  ENOSPC: ['the disk is full', 'Free some space; files written before are whole.'],
  EDQUOT: ['the disk quota is used up', 'Free some space; files written before are whole.'],
  EACCES: ['permission denied', 'Choose a folder that you may write to.'],
  EPERM: ['not permitted', 'Choose a folder that you may write to.'],
  EROFS: ['the file system is read-only', 'Choose a folder on another file system.'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'Choose another path.'],
  EEXIST: ['there is a file of that name', 'Choose another path.'],
  ENOENT: ['no folder can be made there', 'Choose another path.'],
  EISDIR: ['there is a folder of that name', 'Choose another path.'],
}

/** The error of a failed write as the user should see it; errors that are no file system errors stay as they are. */
export function writeError(path: string, cause: unknown): unknown {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (typeof code !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return cause
  const [problem, hint] = hints[code] ?? [code, 'Check the path and the disk.']
  return new UserError(`cannot write ${path}: ${problem}`, { hint, cause })
}
