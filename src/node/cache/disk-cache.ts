import { randomBytes } from 'node:crypto'
import { open, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { limiter } from '../../core/data/ahead.js'
import { writeError } from '../files/atomic.js'
import { withFileLock } from '../files/lock.js'
import { makeFolder } from '../files/make-folder.js'
import {
  BLOCK_BYTES,
  blocksOf,
  type CacheKind,
  cacheFiles,
  cacheKinds,
  decodeEntry,
  encodeEntry,
  entryPath,
  evict,
  isTemporary,
  Ledger,
  removeUnfinished,
} from './cache-files.js'

/** Name of the folder with the entries; another one for another format. */
const VERSION = 'cache-v1'
/** A full cache is emptied to this share, so that the next entries need no eviction. */
const EMPTIED_TO = 0.9
/** An entry larger than this share of the cache is not kept. */
const LARGEST_SHARE = 0.25
/** An entry counts as used again at the earliest after so long: noting it costs as much as reading. */
const TOUCH_MS = 60_000
/** How long to wait for another process that evicts before an entry is given up. */
const PATIENCE_MS = 50
/** Age from which a lock, which its owner touches every few seconds, counts as left behind. */
const ABANDONED_MS = 120_000
/** The same for a lock that names nobody, which its owner writes at once. */
const NAMELESS_MS = 2_000

/** Where a cache is and how it behaves. */
export interface DiskCacheOptions {
  readonly folder: string
  /** Size of all entries, in whole blocks of the disk. */
  readonly maxBytes: number
  /** Told once why nothing can be kept. */
  readonly onWarning?: (message: string) => void
}

/** Entries of one kind. */
export interface CacheUsage {
  readonly kind: CacheKind
  readonly entries: number
  readonly bytes: number
}

/**
 * Bytes by key on disk, up to a size; the least recently used entries make room. Several processes may read, write and
 * evict at once, and may be killed at any moment: an entry comes into place by a rename, and one that is damaged all the
 * same is dropped. Nothing here throws because of the disk: what cannot be read is a miss, and what cannot be written is
 * not kept.
 */
export class DiskCache {
  readonly folder: string
  readonly maxBytes: number
  private readonly root: string
  private readonly ledger: Ledger
  /** One write at a time, so that a process is never more than one entry beyond the bound. */
  private readonly oneByOne = limiter(1)
  private writable = true
  private readonly unfinished = new Set<Promise<void>>()
  private readonly onWarning: (message: string) => void

  constructor({ folder, maxBytes, onWarning = () => {} }: DiskCacheOptions) {
    this.folder = folder
    this.maxBytes = maxBytes
    this.onWarning = onWarning
    this.root = join(folder, VERSION)
    this.ledger = new Ledger(join(this.root, 'blocks'))
  }

  /** @param key SHA-256, hexadecimal */
  async get(kind: CacheKind, key: string): Promise<Uint8Array | undefined> {
    const path = entryPath(this.root, kind, key)
    const bytes = await read(path)
    if (!bytes) return undefined
    const content = decodeEntry(key, bytes)
    if (!content) await rm(path, { force: true }).catch(() => {})
    return content
  }

  /** Keeps the content if it can; see {@link get} for the key. */
  async put(kind: CacheKind, key: string, content: Uint8Array): Promise<void> {
    if (!this.writable || content.length > LARGEST_SHARE * this.maxBytes) return
    await this.oneByOne(async () => {
      if (!this.writable) return
      const bytes = encodeEntry(key, content)
      const keep = async () => {
        if (await this.makeRoom(blocksOf(bytes.length))) await write(entryPath(this.root, kind, key), bytes)
      }
      // The second attempt is for a cache that another process clears at this moment.
      await keep().catch(() => keep().catch((cause) => this.giveUp(cause)))
    })
  }

  /**
   * The folder of a file that {@link keepFile} has kept, to be read or mapped as it lies there; undefined where it is not of so
   * many bytes.
   */
  async fileFolder(kind: CacheKind, group: string, name: string, bytes: number): Promise<string | undefined> {
    const folder = join(this.root, kind, group)
    const path = join(folder, name)
    const status = await stat(path).catch(() => undefined)
    if (!status?.isFile() || status.size !== bytes) return undefined
    const now = Date.now()
    if (Math.abs(now - status.mtimeMs) > TOUCH_MS) await utimes(path, now / 1000, now / 1000).catch(() => {})
    return folder
  }

  /**
   * Keeps bytes as a file that nothing stands around, if it can. They are read until this is settled; that they are on the disk,
   * which nothing but their number tells later, is waited for by {@link settled}.
   */
  async keepFile(kind: CacheKind, group: string, name: string, bytes: Uint8Array): Promise<void> {
    if (!this.writable || bytes.length > LARGEST_SHARE * this.maxBytes) return
    const path = join(this.root, kind, group, name)
    await this.oneByOne(async () => {
      if (!this.writable) return
      try {
        if (!(await this.makeRoom(blocksOf(bytes.length)))) return
        await removeUnfinished(dirname(path))
        const written = await writeTemporary(path, bytes)
        const finished = written.finish().catch((cause) => this.giveUp(cause))
        this.unfinished.add(finished)
        void finished.then(() => this.unfinished.delete(finished))
      } catch (cause) {
        this.giveUp(cause)
      }
    })
  }

  /** Settles when no file is any more on its way to the disk. */
  async settled(): Promise<void> {
    await Promise.all(this.unfinished)
  }

  /** Entries and their sizes by kind. */
  async usage(): Promise<CacheUsage[]> {
    const files = (await cacheFiles(this.root)).filter(({ path }) => !isTemporary(path))
    return cacheKinds.map((kind) => {
      const own = files.filter((file) => file.kind === kind)
      return { kind, entries: own.length, bytes: own.reduce((sum, { bytes }) => sum + bytes, 0) }
    })
  }

  /**
   * Removes all entries, also those of other versions of this package.
   *
   * @throws UserError when they cannot be removed
   */
  async clear(): Promise<void> {
    const folders = (await readdir(this.folder).catch(() => [])).filter((name) =>
      /^cache-v\d+(\.|$)/.test(name),
    )
    for (const name of folders) {
      // Moved aside first: other processes may go on writing, and begin anew.
      const aside = join(this.folder, `${VERSION}.${randomBytes(6).toString('hex')}`)
      try {
        await rename(join(this.folder, name), aside)
        await rm(aside, { recursive: true, force: true })
      } catch (cause) {
        throw writeError(join(this.folder, name), cause)
      }
    }
  }

  private giveUp(cause: unknown): void {
    this.writable = false
    const reason = writeError(this.folder, cause)
    this.onWarning(`nothing more is cached: ${reason instanceof Error ? reason.message : reason}`)
  }

  /** Counts an entry of so many blocks; false where there is no room for it now. */
  private async makeRoom(blocks: number): Promise<boolean> {
    const limit = Math.floor(this.maxBytes / BLOCK_BYTES)
    const sum = await retryInNewFolder(this.root, () => this.ledger.add(blocks))
    // The first to count may have found entries whose count was lost.
    if (sum <= limit && sum > blocks) return true
    let room = false
    const evicting = async () => {
      const before = await this.ledger.sum()
      const files = await cacheFiles(this.root)
      const left = await evict(files, Math.min(EMPTIED_TO * limit, limit - blocks))
      // What was added meanwhile may be among the files counted: rather too much than too little.
      await this.ledger.set(left + blocks + (await this.ledger.sum()) - before)
      room = true
    }
    const lock = join(this.root, 'evicting.lock')
    await removeAbandoned(lock)
    const patience = { signal: AbortSignal.timeout(PATIENCE_MS), pollMs: PATIENCE_MS / 5 }
    await withFileLock(lock, evicting, patience).catch((error) => {
      if (!isTimeout(error)) throw error
    })
    return room
  }
}

/**
 * Removes the lock of a process that died on another machine, or before it had put its name there: nobody waits long enough to see
 * that these are still.
 */
async function removeAbandoned(lock: string): Promise<void> {
  const status = await stat(lock).catch(() => undefined)
  if (!status) return
  const limit = status.size === 0 ? NAMELESS_MS : ABANDONED_MS
  if (Date.now() - status.mtimeMs > limit) await rm(lock, { force: true })
}

const isTimeout = (error: unknown): boolean => error instanceof DOMException && error.name === 'TimeoutError'

/** A file's bytes, its use noted; undefined where it cannot be read. */
async function read(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path)
    try {
      const { size, mtimeMs } = await file.stat()
      const bytes = new Uint8Array(size)
      const { bytesRead } = await file.read(bytes, 0, size, 0)
      const now = Date.now()
      if (Math.abs(now - mtimeMs) > TOUCH_MS) await file.utimes(now / 1000, now / 1000).catch(() => {})
      return bytes.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    return undefined
  }
}

/** Writes without fsync: a crash of the machine may leave a damaged entry, which its checksum tells. */
async function write(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await retryInNewFolder(dirname(path), () => writeFile(temporary, bytes, { flag: 'wx' }))
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/** Writes a file under another name; `finish` puts it in its place once it is on the disk. */
async function writeTemporary(path: string, bytes: Uint8Array): Promise<{ finish(): Promise<void> }> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  const failed = async (error: unknown): Promise<never> => {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
  const file = await retryInNewFolder(dirname(path), () => open(temporary, 'wx'))
  try {
    await file.writeFile(bytes)
  } catch (error) {
    await file.close()
    return failed(error)
  }
  return {
    finish: () =>
      file
        .datasync()
        .finally(() => file.close())
        .then(() => rename(temporary, path))
        .catch(failed),
  }
}

async function retryInNewFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    await makeFolder(folder)
    return await work()
  }
}
