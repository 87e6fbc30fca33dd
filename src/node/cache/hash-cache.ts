import { realpath, stat } from 'node:fs/promises'
import type { KnownHashes } from '../weights/content-hash.js'
import { cacheKey } from './cache-key.js'
import type { DiskCache } from './disk-cache.js'

/** A file that changed less than this ago might change again without its time stamps telling. */
const SETTLED_MS = 10_000

/**
 * Remembers the hash of a file as long as its place, size, inode and times of modification and change stay. The time of
 * change cannot be set back by programs, so that whatever writes to the file is noticed.
 */
export function hashCache(disk: DiskCache): KnownHashes {
  return {
    async hash(path, compute) {
      const before = await identity(path)
      const known = await disk.get('file-hashes', before.key)
      const text = known && Buffer.from(known).toString('latin1')
      if (text && /^[0-9a-f]{64}$/.test(text)) return text
      const hash = await compute()
      const after = await identity(path)
      if (after.key === before.key && before.isSettled) {
        await disk.put('file-hashes', before.key, Buffer.from(hash, 'latin1'))
      }
      return hash
    },
  }
}

async function identity(path: string): Promise<{ key: string; isSettled: boolean }> {
  const place = await realpath(path)
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(place, { bigint: true })
  const now = BigInt(Date.now()) * 1_000_000n
  const latest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs
  return {
    key: cacheKey('file-hash', place, ...[dev, ino, size, mtimeNs, ctimeNs].map(String)),
    isSettled: now - latest > BigInt(SETTLED_MS) * 1_000_000n,
  }
}
