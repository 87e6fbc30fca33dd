import type { Stats } from 'node:fs'
import { open, readdir, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { limiter } from '../../core/data/ahead.js'

/** Unit in which file systems hand out space, and in which sizes are counted. */
export const BLOCK_BYTES = 4096
/** Files looked at or removed at a time. */
const AT_ONCE = 32
/** A temporary file of this age belongs to a process that was killed. */
const ABANDONED_MS = 10 * 60_000

/** What is kept, in the order in which it is given up: what is quick to make again goes first. */
export const cacheKinds = ['pixels', 'weights', 'image-features', 'text-features', 'file-hashes'] as const

/** See {@link cacheKinds}. */
export type CacheKind = (typeof cacheKinds)[number]

/** A file of the cache: an entry, or one that was not finished. */
export interface CacheFile {
  readonly kind: CacheKind
  readonly path: string
  readonly bytes: number
  readonly blocks: number
  /** When it was last read or written, roughly; in milliseconds. */
  readonly used: number
}

/** Blocks that so many bytes take on the disk. */
export const blocksOf = (bytes: number): number => Math.ceil(bytes / BLOCK_BYTES)

/** Place of an entry below the cache's folder: 256 folders a kind, so that none holds too many files. */
export const entryPath = (folder: string, kind: CacheKind, key: string): string =>
  join(folder, kind, key.slice(0, 2), key.slice(2))

/** Name that a file has while it is written. */
export const isTemporary = (path: string): boolean => path.endsWith('.tmp')

/** Lists the files of a cache; those that vanish meanwhile are left out. */
export async function cacheFiles(folder: string): Promise<CacheFile[]> {
  const files: CacheFile[] = []
  const limit = limiter(AT_ONCE)
  for (const kind of cacheKinds) {
    for (const shard of await readdir(join(folder, kind)).catch(() => [])) {
      const names = await readdir(join(folder, kind, shard)).catch(() => [])
      const look = async (name: string) => {
        const path = join(folder, kind, shard, name)
        const status = await stat(path).catch(() => undefined)
        if (status?.isFile()) files.push(described(kind, path, status))
      }
      await Promise.all(names.map((name) => limit(() => look(name))))
    }
  }
  return files
}

function described(kind: CacheKind, path: string, { size, mtimeMs }: Stats): CacheFile {
  return { kind, path, bytes: size, blocks: blocksOf(size), used: mtimeMs }
}

/**
 * Removes files until the rest takes at most so many blocks: what killed processes left unfinished, then kind by kind
 * the least recently used.
 *
 * @returns blocks that are left
 */
export async function evict(files: readonly CacheFile[], blocks: number): Promise<number> {
  const now = Date.now()
  const rank = (file: CacheFile) => (isTemporary(file.path) ? -1 : cacheKinds.indexOf(file.kind))
  const candidates = files
    .filter((file) => !isTemporary(file.path) || now - file.used > ABANDONED_MS)
    .sort((a, b) => rank(a) - rank(b) || a.used - b.used || (a.path < b.path ? -1 : 1))
  let left = files.reduce((sum, file) => sum + file.blocks, 0)
  const victims: CacheFile[] = []
  for (const file of candidates) {
    if (left <= blocks && !isTemporary(file.path)) break
    left -= file.blocks
    victims.push(file)
  }
  const limit = limiter(AT_ONCE)
  const remove = ({ path, blocks }: CacheFile) =>
    rm(path, { force: true }).then(
      () => 0,
      // Windows removes no file that another process has mapped.
      () => blocks,
    )
  const kept = await Promise.all(victims.map((file) => limit(() => remove(file))))
  return kept.reduce((sum, blocks) => sum + blocks, left)
}

/** Removes what processes that were killed left unfinished in a folder of entries. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name)
    const status = isTemporary(path) && (await stat(path).catch(() => undefined))
    if (status && Date.now() - status.mtimeMs > ABANDONED_MS) await rm(path, { force: true }).catch(() => {})
  }
}

const MAGIC = 0x50534331
const HEADER = 12

/** An entry as it lies on the disk: magic number, CRC-32 over key and content, length, content. */
export function encodeEntry(key: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + content.length)
  const header = new DataView(bytes.buffer)
  header.setUint32(0, MAGIC)
  header.setUint32(4, checksum(key, content))
  header.setUint32(8, content.length)
  bytes.set(content, HEADER)
  return bytes
}

/** The content of an entry; undefined where it is damaged, cut short or another key's. */
export function decodeEntry(key: string, bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < HEADER) return undefined
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER)
  const content = bytes.subarray(HEADER)
  const isWhole =
    header.getUint32(0) === MAGIC &&
    header.getUint32(8) === content.length &&
    header.getUint32(4) === checksum(key, content)
  return isWhole ? content : undefined
}

const checksum = (key: string, content: Uint8Array): number => crc32(content, crc32(key))

/**
 * How many blocks a cache holds, known to all processes that share it without a lock: the length of a file. Appending is
 * atomic, so that additions of several processes are never lost.
 */
export class Ledger {
  constructor(private readonly path: string) {}

  /** Adds blocks; returns the sum. It may be too large, since nothing is taken off when files vanish. */
  async add(blocks: number): Promise<number> {
    const file = await open(this.path, 'a')
    try {
      await file.write(new Uint8Array(blocks))
      return (await file.stat()).size
    } finally {
      await file.close()
    }
  }

  /** The sum; 0 where nothing was ever added. */
  async sum(): Promise<number> {
    return (await stat(this.path).catch(() => undefined))?.size ?? 0
  }

  /** Sets the sum after files were counted. An addition at this very moment may be lost. */
  async set(blocks: number): Promise<void> {
    await truncate(this.path, blocks)
  }
}
