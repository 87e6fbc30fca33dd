import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { WeightsError } from '../../core/errors.js'

/** Remembers hashes of files from one process to the next, as long as the files stay as they are. */
export interface KnownHashes {
  /** The hash kept for this file, or what `compute` gives. */
  hash(path: string, compute: () => Promise<string>): Promise<string>
}

const computed = new Map<string, Promise<string>>()

/**
 * SHA-256 of a file's bytes (as `sha256sum` prints it), or for several files of their hashes in the given order.
 * Computed once in a process as long as size and time of modification stay.
 *
 * @throws WeightsError when a file cannot be read
 */
export async function contentHash(files: readonly string[], known?: KnownHashes): Promise<string> {
  const hashes = await Promise.all(files.map((path) => fileHash(path, known)))
  return hashes.length === 1 ? hashes[0]! : createHash('sha256').update(hashes.join('\n')).digest('hex')
}

async function fileHash(path: string, known?: KnownHashes): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(path)
    const key = `${resolve(path)}\n${size}\n${mtimeMs}`
    const hash = computed.get(key) ?? (known ? known.hash(path, () => digest(path)) : digest(path))
    computed.set(key, hash)
    hash.catch(() => computed.delete(key))
    return await hash
  } catch (cause) {
    throw new WeightsError(`${path}: cannot be read`, { cause })
  }
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash)
  return hash.digest('hex')
}
