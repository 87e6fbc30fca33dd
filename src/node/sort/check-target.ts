import { lstat, readdir, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ConfigError } from '../../core/errors.js'
import { isInside } from '../files/paths.js'
import type { How } from './journal.js'
import { notAFolder } from './perform.js'

/**
 * Refuses folders that cannot be sorted into: the one that is sorted, and for hard links one on another file system.
 *
 * @param into real path, which need not exist
 * @param folder real path of the folder that is sorted
 * @throws ConfigError
 */
export async function checkTarget(into: string, folder: string, how: How): Promise<void> {
  if (into === folder) {
    throw new ConfigError(`--into ${into}: is the folder that is sorted`, {
      hint: 'Name another one; it may be a new folder within it.',
    })
  }
  if (how !== 'hardlink') return
  const [target, source] = await Promise.all([stat(await existing(into)), stat(folder)])
  if (target.dev === source.dev) return
  throw new ConfigError(`--hardlink: ${into} is on another file system than ${folder}`, {
    hint: 'Use --copy or --symlink.',
  })
}

/**
 * Names that stand in the folders of a sort already.
 *
 * @throws UserError where one is a link or a file, ConfigError where what is sorted lies in one
 */
export async function takenNames(
  into: string,
  folders: Iterable<string>,
  folder: string,
): Promise<Map<string, string[]>> {
  const taken = new Map<string, string[]>()
  for (const name of folders) {
    const path = join(into, name)
    const status = await lstat(path).catch(() => undefined)
    if (!status) continue
    if (!status.isDirectory()) throw notAFolder(path)
    if (isInside(folder, path)) {
      throw new ConfigError(`${folder} is where pictures of it would go: the class of that name`, {
        hint: 'Sort into another folder.',
      })
    }
    taken.set(name, await readdir(path))
  }
  return taken
}

/** @throws ConfigError where so many bytes do not fit on the disk */
export async function checkSpace(into: string, bytes: number): Promise<void> {
  const disk = await statfs(await existing(into)).catch(() => undefined)
  const free = disk ? disk.bavail * disk.bsize : Number.POSITIVE_INFINITY
  if (bytes <= free) return
  const gigabytes = (value: number) => `${(value / 1e9).toFixed(1)} GB`
  throw new ConfigError(`${into}: ${gigabytes(bytes)} to copy, ${gigabytes(free)} free`, {
    hint: 'Free some space, or use --hardlink, --symlink or --move.',
  })
}

async function existing(path: string): Promise<string> {
  return (await stat(path).catch(() => undefined)) ? path : existing(dirname(path))
}
