import { WeightsError } from '../errors.js'
import { type ByteSource, memorySource, readBytes } from './byte-source.js'
import { headerLength, parseHeader, type SafetensorsHeader } from './safetensors-format.js'
import type { StateDict, WeightEntry } from './state-dict.js'
import { tensorEntry } from './tensor-entry.js'
import { storageAt } from './tensor-storage.js'

export type { TensorData, TensorsToWrite } from './safetensors-write.js'
export { encodeSafetensors } from './safetensors-write.js'

/** A safetensors file: its tensors in file order and the strings of its `__metadata__`. */
export interface SafetensorsFile extends StateDict {
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * The tensors of safetensors bytes in memory.
 *
 * @param name what to call the bytes in messages
 * @throws WeightsError when the bytes are truncated or their header does not hold together
 */
export async function decodeSafetensors(
  bytes: Uint8Array,
  name = 'safetensors data',
): Promise<SafetensorsFile> {
  return safetensorsOf(memorySource(bytes, name))
}

/** The same for bytes of any kind. The file returned closes the source. */
export async function safetensorsOf(source: ByteSource): Promise<SafetensorsFile> {
  const { tensors, metadata } = await readHeader(source)
  const entries = new Map<string, WeightEntry>()
  for (const { position, ...layout } of tensors) {
    entries.set(layout.name, tensorEntry(layout, storageAt(source, position)))
  }
  return { entries, metadata, source: source.name, close: () => source.close() }
}

async function readHeader(source: ByteSource): Promise<SafetensorsHeader> {
  if (source.size < 8) {
    throw new WeightsError(`${source.name}: has ${source.size} bytes, a safetensors file has at least 8`)
  }
  const length = headerLength(await readBytes(source, 0, 8), source.size, source.name)
  return parseHeader(await readBytes(source, 8, length), source.size, source.name)
}
