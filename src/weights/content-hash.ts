import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { WeightsError } from '../errors.js'

const known = new Map<string, Promise<string>>()

/**
 * SHA-256 of a file's bytes (as `sha256sum` prints it), or for several files of their hashes in the given order.
 * Computed once in a process as long as size and time of modification stay.
 *
 * @throws WeightsError when a file cannot be read
 */
export async function contentHash(files: readonly string[]): Promise<string> {
  const hashes = await Promise.all(files.map(fileHash))
  return hashes.length === 1 ? hashes[0]! : createHash('sha256').update(hashes.join('\n')).digest('hex')
}

async function fileHash(path: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(path)
    const key = `${resolve(path)}\n${size}\n${mtimeMs}`
    const hash = known.get(key) ?? digest(path)
    known.set(key, hash)
    hash.catch(() => known.delete(key))
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
