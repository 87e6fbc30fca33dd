import type { Dirent } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path'
import { DataError } from '../../core/errors.js'
import { isInside } from '../files/paths.js'

/** Says what keeps a path (relative to the root, or absolute) from being a file inside of the root. */
export type PathChecker = (path: string) => Promise<string | undefined>

/**
 * Checks that paths are files and do not lead out of a root, symbolic links included. Each folder is listed once, so
 * that a million paths take seconds.
 *
 * @param options `folders`: folders below the root are as good as files
 * @throws DataError when the root does not exist
 */
export async function pathChecker(
  root: string,
  { folders = false }: { readonly folders?: boolean } = {},
): Promise<PathChecker> {
  const fits = (entry: Pick<Dirent, 'isFile' | 'isDirectory'> | undefined) =>
    entry?.isFile() || (folders && entry?.isDirectory())
  const realRoot = await realpath(root).catch((cause: NodeJS.ErrnoException) => {
    throw new DataError(`${root}: ${cause.code === 'ENOENT' ? 'does not exist' : cause.code}`, { cause })
  })
  const outside = `leads out of ${root}`

  const listings = new Map<string, Promise<ReadonlyMap<string, Dirent> | undefined | 'outside'>>()
  const list = async (folder: string) => {
    const real = await realpath(folder).catch(() => undefined)
    if (real === undefined) return undefined
    if (!isInside(real, realRoot)) return 'outside'
    const entries = await readdir(real, { withFileTypes: true }).catch(() => undefined)
    return entries && new Map(entries.map((entry) => [entry.name, entry]))
  }
  const listed = (folder: string) => {
    const known = listings.get(folder) ?? list(folder)
    listings.set(folder, known)
    return known
  }

  return async (path) => {
    const full = resolve(root, path)
    const inside = relative(resolve(root), full)
    if (inside === '') return 'is no file'
    if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return outside
    const entries = await listed(dirname(full))
    if (entries === 'outside') return outside
    if (fits(entries?.get(basename(full)))) return undefined
    // A link, or a name that the file system spells otherwise (case, composed characters).
    const real = await realpath(full).catch(() => undefined)
    if (real === undefined) {
      const slashed = path.replaceAll('\\', '/')
      const there = slashed !== path && (await realpath(resolve(root, slashed)).catch(() => undefined))
      return there ? `does not exist, but ${slashed} does: separate folders by /` : 'does not exist'
    }
    if (!isInside(real, realRoot)) return outside
    return fits(await stat(real)) ? undefined : 'is no file'
  }
}
