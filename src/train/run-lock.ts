import { readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TrainingError } from '../errors.js'
import { takeAway } from '../files/lock.js'

/** Locks that this process holds: its own id in a file may also be that of an earlier process. */
const held = new Set<string>()

/**
 * Takes a folder for this process by a `lock` file with its process id; the lock of a process that is gone is taken over.
 *
 * @returns a function that gives the folder free
 * @throws TrainingError when a living process holds it, or this one does already
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(resolve(folder), 'lock')
  if (held.has(path)) throw inUse(folder, path, process.pid)
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      return await createLock(path)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    const content = await contentOf(path)
    const holder = pidIn(content)
    if (holder > 0 && holder !== process.pid && isAlive(holder)) throw inUse(folder, path, holder)
    await takeAway(path, content)
  }
  throw inUse(folder, path, pidIn(await contentOf(path)))
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
  held.add(path)
  return async () => {
    held.delete(path)
    if ((await readFile(path, 'utf8').catch(() => '')) === own) await rm(path, { force: true })
  }
}

/** What a lock file says. Between its creation and its first byte it is empty: that is waited for. */
async function contentOf(path: string): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const text = await readFile(path, 'utf8').catch(() => '')
    if (pidIn(text) > 0 || attempt === 4) return text
    await delay(50)
  }
}

const pidIn = (content: string): number => (/^\d+\n/.test(content) ? Number(content) : 0)

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
