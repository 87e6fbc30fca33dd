import { open, rm, stat, utimes } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { writeError } from './atomic.js'
import { forgetOwner, isAlive, type LockOwner, newOwner, parseOwner } from './lock-owner.js'
import { IrregularFile, readRegularText } from './regular-file.js'

/** A file that names nobody is either just being written or left by a crash; no write takes so long. */
const NAMELESS_MS = 1000
/** A guard of the removal of a lock that is older was left by a crash, or by a clock far off. */
const GUARD_MS = 60_000

/** Options of {@link takeLock} and {@link withFileLock}. */
export interface LockOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal
  /** A lock that its owner has not touched for so long is taken over. */
  readonly staleMs?: number
  readonly pollMs?: number
  /** The error to throw instead of waiting while an owner lives. */
  readonly refuse?: (owner: LockOwner) => Error
  /** Called once before waiting for an owner that may be alive. */
  readonly onWait?: (owner: LockOwner) => void
}

/**
 * Runs `work` while no other process (or other call in this one) runs work under the same lock file, which exists
 * only meanwhile. See {@link takeLock}.
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const release = await takeLock(path, options)
  try {
    return await work()
  } finally {
    await release()
  }
}

/**
 * Takes a lock file and touches it again and again until it is given back. The lock of a process that has died is
 * taken over: at once on the same machine or in the same, restarted Slurm job, after `staleMs` otherwise.
 *
 * @returns gives the lock back
 * @throws UserError when the lock file cannot be created; what `refuse` makes; the signal's reason when it aborts
 */
export async function takeLock(path: string, options: LockOptions = {}): Promise<() => Promise<void>> {
  const { staleMs = 30_000 } = options
  const owner = newOwner()
  const content = JSON.stringify(owner)
  try {
    await acquire(path, content, staleMs, options)
  } catch (error) {
    forgetOwner(owner)
    throw error
  }
  const heartbeat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, staleMs / 4)
  heartbeat.unref()
  return async () => {
    clearInterval(heartbeat)
    if ((await readRegularText(path).catch(() => '')) === content) await rm(path, { force: true })
    // Not before: while the file is there, its owner must not count as dead.
    forgetOwner(owner)
  }
}

/** Removes a lock that a process of this machine left when it died, where that can be; any other is left as it is. */
export async function removeDeadLock(path: string): Promise<void> {
  const content = await contentOf(path)
  const dead = content === undefined ? undefined : parseOwner(content)
  if (!dead || isAlive(dead) !== false) return
  const owner = newOwner()
  await takeAway(path, content!, JSON.stringify(owner)).catch(() => {})
  forgetOwner(owner)
}

async function acquire(path: string, content: string, staleMs: number, options: LockOptions): Promise<void> {
  const { signal, pollMs = 100, refuse, onWait } = options
  let seen: { other: string; touched: number; at: number } | undefined
  let told = false
  while (!(await create(path, content))) {
    signal?.throwIfAborted()
    // In this order: opening a file makes a network drive look again.
    const other = (await contentOf(path)) ?? ''
    const status = await stat(path).catch(() => undefined)
    if (!status) continue
    const owner = parseOwner(other)
    // Only changes of the time stamp count: the clock of a network drive may differ from ours.
    const changed = seen?.other !== other || seen.touched !== status.mtimeMs
    const alive = owner && (isAlive(owner) ?? (changed && seen?.other === other ? true : undefined))
    if (owner && alive && refuse) throw refuse(owner)
    const now = performance.now()
    if (!seen || changed) seen = { other, touched: status.mtimeMs, at: now }
    if (alive === false || now - seen.at > (owner ? staleMs : Math.min(staleMs, NAMELESS_MS))) {
      if (!(await takeAway(path, other, content))) await delay(pollMs)
      continue
    }
    if (owner && !told) {
      told = true
      onWait?.(owner)
    }
    await delay(pollMs)
  }
}

/** What a lock says; undefined where there is none. A pipe in its place says nothing, as an empty file does. */
const contentOf = (path: string): Promise<string | undefined> =>
  readRegularText(path).catch((cause) => (cause instanceof IrregularFile ? '' : undefined))

async function create(path: string, content: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx')
    try {
      await handle.writeFile(content).finally(() => handle.close())
    } catch (cause) {
      // On a full disk the file exists but is empty.
      await rm(path, { force: true }).catch(() => {})
      throw cause
    }
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw writeError(path, cause)
  }
}

/**
 * Removes a dead lock of this content; false where another process is about to, or the lock is another by now. Under a
 * guard of its own, since between a look at a lock and its removal somebody else may have replaced it by a live one.
 */
async function takeAway(path: string, dead: string, content: string): Promise<boolean> {
  const guard = `${path}.takeover`
  if (!(await create(guard, content))) {
    const holder = parseOwner(await readRegularText(guard).catch(() => ''))
    const age = Date.now() - ((await stat(guard).catch(() => undefined))?.mtimeMs ?? Date.now())
    // What is done under it takes milliseconds.
    if ((holder && isAlive(holder) === false) || age > GUARD_MS) await rm(guard, { force: true })
    return false
  }
  try {
    if ((await contentOf(path)) !== dead) return false
    await rm(path, { force: true })
    return true
  } finally {
    await rm(guard, { force: true })
  }
}
