import type { Stats } from 'node:fs'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { limiter } from '../../core/data/ahead.js'

/** Unit in which file systems hand out space, and in which sizes are counted. */
export const BLOCK_BYTES = 4096
/** Files looked at or removed at a time. */
const AT_ONCE = 32
/** A temporary file of this age belongs to a process that was killed. */
const ABANDONED_MS = 10 * 60_000

/** What is kept, in the order in which it is given up: what is quick to make again goes first. */
export const cacheKinds = ['pixels', 'image-features', 'text-features', 'file-hashes'] as const

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
  await Promise.all(victims.map(({ path }) => limit(() => rm(path, { force: true }))))
  return left
}
