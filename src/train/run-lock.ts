import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { TrainingError } from '../errors.js'

/**
 * Takes a folder for this process by a `lock` file with its process id; the lock of a process that is gone is taken over.
 *
 * @returns a function that gives the folder free
 * @throws TrainingError when a living process holds it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock')
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' })
      return () => rm(path, { force: true })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
      const holder = Number(await readFile(path, 'utf8').catch(() => ''))
      if (holder > 0 && holder !== process.pid && isAlive(holder)) break
      await rm(path, { force: true })
    }
  }
  const holder = (await readFile(path, 'utf8').catch(() => '?')).trim()
  throw new TrainingError(`${folder} is in use by another training process (process id ${holder})`, {
    hint: 'Wait for it, or choose another directory with --out.',
  })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Not permitted means that it exists.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
