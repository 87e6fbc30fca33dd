import { randomUUID } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { writeError } from './atomic.js'

/** Options of {@link withFileLock}. */
export interface LockOptions {
  /** Ends the waiting. */
  readonly signal?: AbortSignal
  /** A lock that its owner has not touched for so long is taken over. */
  readonly staleMs?: number
  readonly pollMs?: number
}

/**
 * Runs `work` while no other process (or other call in this one) runs work under the same lock file, which exists
 * only meanwhile. The lock of a process that has died is taken over: at once on the same machine, after `staleMs`
 * otherwise.
 *
 * @throws UserError when the lock file cannot be created
 */
export async function withFileLock<T>(
  path: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const { staleMs = 30_000 } = options
  const content = JSON.stringify({ owner: randomUUID(), pid: process.pid, machine })
  await acquire(path, content, options)
  const heartbeat = setInterval(() => {
    const now = new Date()
    utimes(path, now, now).catch(() => {})
  }, staleMs / 4)
  heartbeat.unref()
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    if ((await readFile(path, 'utf8').catch(() => '')) === content) await rm(path, { force: true })
  }
}

async function acquire(path: string, content: string, options: LockOptions): Promise<void> {
  const { signal, staleMs = 30_000, pollMs = 100 } = options
  let seen = ''
  let seenAt = 0
  while (!(await create(path, content))) {
    signal?.throwIfAborted()
    const other = await readFile(path, 'utf8').catch(() => '')
    const status = await stat(path).catch(() => undefined)
    if (!status) continue
    // Only changes of the time stamp count: the clock of a network drive may differ from ours.
    const state = `${other}\n${status.mtimeMs}`
    const now = performance.now()
    if (state !== seen) {
      seen = state
      seenAt = now
    }
    if (now - seenAt > staleMs || ownerIsDead(other)) await takeAway(path, other)
    else await delay(pollMs)
  }
}

async function create(path: string, content: string): Promise<boolean> {
  try {
    const handle = await open(path, 'wx')
    await handle.writeFile(content).finally(() => handle.close())
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw writeError(path, cause)
  }
}

/** Moves a dead lock of this content aside. If another was faster, what was moved is that one's live lock: put it back. */
export async function takeAway(path: string, dead: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch {
    return
  }
  if ((await readFile(aside, 'utf8').catch(() => dead)) !== dead) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}

function ownerIsDead(content: string): boolean {
  let owner: { pid?: unknown; machine?: unknown }
  try {
    owner = JSON.parse(content) ?? {}
  } catch {
    return false
  }
  if (owner.machine !== machine || !Number.isSafeInteger(owner.pid) || (owner.pid as number) <= 0)
    return false
  try {
    process.kill(owner.pid as number, 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

/** Where a process id means the same process: containers may share a host name but not the ids. */
const machine = `${hostname()} ${processNamespace()}`

function processNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return ''
  }
}
