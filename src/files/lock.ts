import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { writeError } from './atomic.js'
import { forgetOwner, isAlive, type LockOwner, newOwner, parseOwner } from './lock-owner.js'

/** A file that names nobody is either just being written or left by a crash; no write takes so long. */
const NAMELESS_MS = 1000

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
    forgetOwner(owner)
    if ((await readFile(path, 'utf8').catch(() => '')) === content) await rm(path, { force: true })
  }
}

async function acquire(path: string, content: string, staleMs: number, options: LockOptions): Promise<void> {
  const { signal, pollMs = 100, refuse, onWait } = options
  let seen: { other: string; touched: number; at: number } | undefined
  let told = false
  while (!(await create(path, content))) {
    signal?.throwIfAborted()
    // In this order: opening a file makes a network drive look again.
    const other = await readFile(path, 'utf8').catch(() => '')
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
      await takeAway(path, other)
      continue
    }
    if (owner && !told) {
      told = true
      onWait?.(owner)
    }
    await delay(pollMs)
  }
}

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

/** Moves a dead lock of this content aside. If another was faster, what was moved is that one's live lock: put it back. */
async function takeAway(path: string, dead: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8').catch(() => dead)) !== dead) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}
