import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TrainingError } from '../errors.js'

/**
 * Takes a folder for this process by a `lock` file with its process id; the lock of a process that is gone is taken over.
 *
 * @returns a function that gives the folder free
 * @throws TrainingError when a living process holds it
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock')
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      return await createLock(path)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const holder = await holderOf(path)
    if (holder > 0 && holder !== process.pid && isAlive(holder)) throw inUse(folder, path, holder)
    await rm(path, { force: true })
  }
  throw inUse(folder, path, await holderOf(path))
}

async function createLock(path: string): Promise<() => Promise<void>> {
  const own = `${process.pid}\n`
  try {
    await writeFile(path, own, { flag: 'wx' })
  } catch (error) {
    // On a full disk the file exists but is empty.
    if (codeOf(error) !== 'EEXIST') await rm(path, { force: true }).catch(() => {})
    throw error
  }
  return async () => {
    if ((await readFile(path, 'utf8').catch(() => '')) === own) await rm(path, { force: true })
  }
}

/** Process id in a lock file, or 0. Between its creation and its first byte a lock is empty: that is waited for. */
async function holderOf(path: string): Promise<number> {
  for (let attempt = 0; ; attempt++) {
    const text = await readFile(path, 'utf8').catch(() => '')
    if (/^\d+\n/.test(text)) return Number(text)
    if (attempt === 4) return 0
    await delay(50)
  }
}

function inUse(folder: string, path: string, holder: number): TrainingError {
  return new TrainingError(`${folder} is in use by another training process (process id ${holder})`, {
    hint: `Wait for it, or choose another directory with --out. If that process is none of promptsrc, remove ${path}.`,
  })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Not permitted means that it exists.
    return codeOf(error) === 'EPERM'
  }
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined
