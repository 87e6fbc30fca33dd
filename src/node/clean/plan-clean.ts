import { lstat, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { findPhotos, type Unreadable } from '../sort/find-photos.js'
import { nameKey } from '../sort/names.js'
import { type Transfer, transfersOf } from '../sort/plan.js'

/** What is to be done with a picture: it leaves the data, or goes into another class. */
export interface CleanStep {
  /** Below the folder, with slashes. */
  readonly path: string
  /** Folder of the class, as others of its part have it; undefined where the picture is removed. */
  readonly classFolder?: string | undefined
}

/** What would be moved, and what stays though it was agreed to. */
export interface CleanPlan {
  readonly transfers: readonly Transfer[]
  readonly left: readonly Unreadable[]
}

/**
 * Where pictures and what belongs to them go: removed ones below `into` under the names they had, others beside the folder
 * of their class. No name that is taken is given again.
 *
 * @param folder real path of the data, classes in it or in its parts
 * @param into real path, which need not exist
 */
export async function planClean(
  folder: string,
  into: string,
  steps: readonly CleanStep[],
): Promise<CleanPlan> {
  const found = await findPhotos(folder)
  const photos = new Map(found.photos.map((photo) => [photo.path, photo]))
  const links = new Set(found.links)
  const taken = new Map<string, Set<string>>()
  const namesIn = async (path: string): Promise<Set<string>> => {
    const known = taken.get(path)
    if (known) return known
    const names = new Set((await readdir(path).catch(() => [])).map(nameKey))
    taken.set(path, names)
    return names
  }
  const transfers: Transfer[] = []
  const left: Unreadable[] = []
  for (const [group, { path, classFolder }] of steps.entries()) {
    const photo = photos.get(path)
    if (!photo) {
      const gone = !(await lstat(join(folder, path)).catch(() => undefined))
      const reason = gone
        ? 'it is gone'
        : links.has(path)
          ? 'it is a symbolic link'
          : 'it is no picture of its own'
      left.push({ path, reason })
      continue
    }
    const own = dirname(path)
    const below = classFolder === undefined ? own : join(dirname(own), classFolder).replaceAll('\\', '/')
    if (classFolder !== undefined && below === own) {
      left.push({ path, reason: 'it is of that class already' })
      continue
    }
    const names = await namesIn(join(classFolder === undefined ? into : folder, below))
    const within = classFolder === undefined ? {} : ({ within: 'folder' } as const)
    for (const file of transfersOf(photo, below, names)) transfers.push({ ...file, group, ...within })
  }
  return { transfers, left }
}
