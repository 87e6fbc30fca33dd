import { type BigIntStats, constants } from 'node:fs'
import { copyFile, link, lstat, open, readlink, rename, rm, symlink, unlink, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../files/atomic.js'

/** Where a copy grows before it gets its name; one at a time in a folder. */
export const PART = '.promptsrc-sort.part'

/** Ways to put a file somewhere. */
export type TransferHow = 'copy' | 'move' | 'hardlink' | 'symlink'

/** A single file could not be handled, which is no reason to stop. */
export class FileProblem extends Error {}

/** Copies a file with its time and mode. A crash leaves no part of it under its name. */
export async function copyTo(from: string, to: string): Promise<void> {
  const part = join(dirname(to), PART)
  await rm(part, { force: true })
  try {
    const before = await lstat(from)
    await copyFile(from, part, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    const handle = await open(part, 'r+').catch(() => open(part, 'r'))
    try {
      const { size } = await handle.stat()
      if (size !== before.size) throw new FileProblem('it changed while it was copied')
      await utimes(part, before.atimeMs / 1000, before.mtimeMs / 1000).catch(() => {})
      await handle.sync()
    } finally {
      await handle.close()
    }
    await placeNew(part, to)
  } catch (error) {
    await rm(part, { force: true }).catch(() => {})
    throw error
  }
}

/**
 * Moves a file without ever replacing another, as `rename` would. Between file systems it is copied, compared and only
 * then removed.
 */
export async function moveTo(from: string, to: string): Promise<void> {
  try {
    await placeNew(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    await copyTo(from, to)
    if (!(await sameContent(from, to))) {
      await unlink(to)
      throw new FileProblem('its copy differs from it')
    }
    await unlink(from)
  }
}

/** Gives a file another name that is free, on one file system. Both names stand for a moment, never none. */
export async function placeNew(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'].includes(code)) throw error
    // No hard links, as on memory cards: the name is taken by an empty file, which alone is replaced.
    await (await open(to, 'wx')).close()
    await rename(from, to)
    await syncFolder(dirname(to))
    return
  }
  // The new name must outlast a power cut before the old one goes.
  await syncFolder(dirname(to))
  await unlink(from)
}

/** Links to a file under a name that is free. */
export async function linkTo(how: 'hardlink' | 'symlink', from: string, to: string): Promise<void> {
  if (how === 'hardlink') await link(from, to)
  else await symlink(from, to)
  await syncFolder(dirname(to))
}

/**
 * Brings an entry whose work may have been cut off to one of two clear states.
 *
 * @returns whether it is done; where not, there is nothing at `to` that came from `from`
 * @throws FileProblem where another file stands at `to`
 */
export async function settle(how: TransferHow, from: string, to: string): Promise<boolean> {
  await rm(join(dirname(to), PART), { force: true })
  const target = await present(to)
  if (!target) return false
  const source = await present(from)
  if (how === 'symlink') {
    if (target.isSymbolicLink() && (await readlink(to)) === from) return true
  } else if (!source) {
    // Moved; or copied, and the original is gone since.
    return true
  } else if (isSameFile(source, target)) {
    if (how === 'move') await unlink(from)
    return true
  } else if (how !== 'hardlink' && isPlaceholder(target, source)) {
    await unlink(to)
    return false
  } else if (how !== 'hardlink' && (await sameContent(from, to))) {
    if (how === 'move') await unlink(from)
    return true
  }
  throw new FileProblem('another file has its new name')
}

/**
 * Takes an entry back that was done, half done or not at all. Does nothing a second time.
 *
 * @throws FileProblem where something would be lost or replaced
 */
export async function takeBack(how: TransferHow, from: string, to: string): Promise<void> {
  await rm(join(dirname(to), PART), { force: true })
  await rm(join(dirname(from), PART), { force: true })
  const target = await present(to)
  if (!target) return
  const source = await present(from)
  if (how === 'symlink') {
    if (!target.isSymbolicLink() || (await readlink(to)) !== from)
      throw new FileProblem('it is no longer the link that was made')
    await unlink(to)
  } else if (how === 'move' && !source) {
    if (!target.isFile()) throw new FileProblem('it is no longer a file')
    await moveTo(to, from)
  } else if (!source) {
    throw new FileProblem('its original is gone, so that it is kept')
  } else if (isSameFile(source, target)) {
    await unlink(to)
  } else if (how === 'hardlink') {
    throw new FileProblem('it is no longer the link that was made')
  } else if (await sameContent(from, to)) {
    await unlink(to)
  } else if (isPlaceholder(target, source)) {
    await unlink(to)
  } else {
    throw new FileProblem(
      how === 'move' ? 'another file stands where it came from' : 'it or its original was changed since',
    )
  }
}

async function present(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** Two names of one file. The count of names guards against file systems that number files carelessly. */
const isSameFile = (a: BigIntStats, b: BigIntStats): boolean =>
  a.dev === b.dev && a.ino === b.ino && a.isFile() && a.nlink > 1n

/** A name that was taken for a file to come, on a file system without hard links. Nothing is lost with it. */
const isPlaceholder = (target: BigIntStats, source: BigIntStats): boolean =>
  target.isFile() && target.size === 0n && source.size > 0n

/** Whether two files hold the same bytes. */
export async function sameContent(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([present(a), present(b)])
  if (!first?.isFile() || !second?.isFile() || first.size !== second.size) return false
  const one = await open(a, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
  try {
    const other = await open(b, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0))
    try {
      const size = 1 << 20
      const [left, right] = [Buffer.alloc(size), Buffer.alloc(size)]
      for (let at = 0; at < Number(first.size); at += size) {
        const [n, m] = [
          (await one.read(left, 0, size, at)).bytesRead,
          (await other.read(right, 0, size, at)).bytesRead,
        ]
        if (n !== m || n === 0 || !left.subarray(0, n).equals(right.subarray(0, m))) return false
      }
      return true
    } finally {
      await other.close()
    }
  } finally {
    await one.close()
  }
}
