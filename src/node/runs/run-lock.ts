import { join, resolve } from 'node:path'
import { TrainingError } from '../../core/errors.js'
import { type LockOptions, takeLock } from '../files/lock.js'
import { foreignHost } from '../files/lock-owner.js'

/**
 * Takes a folder for this process by a `lock` file that names it; the lock of a process that is gone is taken over. On
 * a folder that machines share, a lock of another machine counts as long as it is touched.
 *
 * @returns a function that gives the folder free
 * @throws TrainingError when a living process holds it, or this one does already
 */
export async function lockFolder(
  folder: string,
  { staleMs, pollMs }: Pick<LockOptions, 'staleMs' | 'pollMs'> = {},
): Promise<() => Promise<void>> {
  const path = join(resolve(folder), 'lock')
  return takeLock(path, {
    ...(staleMs === undefined ? {} : { staleMs }),
    ...(pollMs === undefined ? {} : { pollMs }),
    refuse(owner) {
      const host = foreignHost(owner)
      const where = `process id ${owner.pid}${host === undefined ? '' : ` on ${host}`}`
      return new TrainingError(`${folder} is in use by another training process (${where})`, {
        hint: `Wait for it, or choose another directory with --out. If that process is none of promptsrc, remove ${path}.`,
      })
    },
  })
}
