import { randomUUID } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'

/** Who holds a lock, as its file says. */
export interface LockOwner {
  /** Unique for each time a lock is taken. */
  readonly owner: string
  readonly pid: number
  /** Where the process id means this process. */
  readonly machine: string
  /** The Slurm job that it belongs to, and how often that was started before. */
  readonly job?: string
  readonly restart?: string
}

/** Locks that this process holds: its own id in a file may also be that of an earlier process. */
const held = new Set<string>()

/** A new owner in this process. */
export function newOwner(): LockOwner {
  const { SLURM_JOB_ID: job, SLURM_RESTART_COUNT: restart = '0' } = process.env
  const owner = randomUUID()
  held.add(owner)
  return { owner, pid: process.pid, machine, ...(job ? { job, restart } : {}) }
}

/** Lets a lock count as given back. */
export function forgetOwner({ owner }: LockOwner): void {
  held.delete(owner)
}

/** The owner in a lock file; undefined where it names none. */
export function parseOwner(content: string): LockOwner | undefined {
  try {
    const found: Partial<LockOwner> | null = JSON.parse(content)
    const named = typeof found?.owner === 'string' && typeof found.machine === 'string'
    return named && Number.isSafeInteger(found.pid) && found.pid! > 0 ? (found as LockOwner) : undefined
  } catch {
    return undefined
  }
}

/** Whether an owner lives; undefined where this process cannot know, as of another machine. */
export function isAlive({ owner, pid, machine: where, job, restart }: LockOwner): boolean | undefined {
  if (where === machine) return pid === process.pid ? held.has(owner) : processExists(pid)
  // Slurm starts a job again only when its earlier start is over, wherever that was.
  const { SLURM_JOB_ID: own, SLURM_RESTART_COUNT: count = '0' } = process.env
  return job !== undefined && job === own && restart !== count ? false : undefined
}

/** Host of an owner on another machine; undefined for one on this machine. */
export const foreignHost = ({ machine: where }: LockOwner): string | undefined =>
  where === machine ? undefined : where.split(' ')[0]

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Not permitted means that it exists.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
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
