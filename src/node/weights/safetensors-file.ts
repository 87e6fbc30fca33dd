import {
  encodeSafetensors,
  type SafetensorsFile,
  safetensorsOf,
  type TensorsToWrite,
} from '../../core/weights/safetensors.js'
import { writeFileAtomic } from '../files/atomic.js'
import { fileSource } from './file-source.js'

/**
 * Opens a safetensors file. Only the header is read; tensors are read when asked for. Close it after use.
 *
 * @throws WeightsError when the file is missing, truncated or its header does not hold together
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const source = await fileSource(path)
  try {
    return await safetensorsOf(source)
  } catch (error) {
    await source.close()
    throw error
  }
}

/** Writes a safetensors file atomically: a reader sees the old file or all of the new one. */
export async function writeSafetensors(
  path: string,
  tensors: TensorsToWrite,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata))
}
