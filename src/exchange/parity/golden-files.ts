import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { WeightsError } from '../../core/errors.js'
import type { HostTensor } from '../../core/graph/index.js'
import { decodeSafetensors } from '../../core/weights/safetensors.js'
import { readRegular } from '../../node/files/regular-file.js'

/** Bytes of a file; of one whose name ends in `.gz`, unpacked. Throws WeightsError when it cannot be read. */
async function readUnpacked(path: string): Promise<Uint8Array> {
  try {
    const bytes = await readRegular(path)
    return path.endsWith('.gz') ? await promisify(gunzip)(bytes) : bytes
  } catch (cause) {
    throw new WeightsError(`${path} cannot be read: ${(cause as Error).message}`, { cause })
  }
}

/** All tensors of a safetensors file, as float32. Throws WeightsError when it is missing or damaged. */
export async function readTensors(path: string): Promise<Map<string, HostTensor>> {
  const { entries } = await decodeSafetensors(await readUnpacked(path), path)
  const tensors = new Map<string, HostTensor>()
  for (const [name, entry] of entries) tensors.set(name, { shape: entry.shape, data: await entry.read() })
  return tensors
}

/** A golden JSON file. Its form is that of the reference data; readers take from it what they know. */
export async function readJson<T>(path: string): Promise<T> {
  const text = new TextDecoder().decode(await readUnpacked(path))
  try {
    return JSON.parse(text) as T
  } catch (cause) {
    throw new WeightsError(`${path} is not JSON`, { cause })
  }
}

/** A folder for unpacked files that is gone after `use`. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'promptsrc-parity-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Unpacks a file into a folder, under its name without `.gz`. Returns the new path. */
export async function unpackInto(folder: string, path: string): Promise<string> {
  const target = join(folder, basename(path).replace(/\.gz$/, ''))
  await writeFile(target, await readUnpacked(path))
  return target
}
