import { WeightsError } from '../../../core/errors.js'
import { type ByteSource, readBytes } from '../../../core/weights/byte-source.js'
import type { StateDict, WeightEntry } from '../../../core/weights/state-dict.js'
import { tensorEntry } from '../../../core/weights/tensor-entry.js'
import { fileSource } from '../file-source.js'
import type { TorchArchive } from './torch-content.js'
import { type PlainValue, torchContent } from './torch-content.js'
import { legacyMagic, openTorchLegacy } from './torch-legacy.js'
import { openTorchZip } from './torch-zip.js'

export type { PlainValue } from './torch-content.js'

/** A PyTorch file: the tensors of its state dict and, of a checkpoint, the plain data beside it. */
export interface TorchFile extends StateDict {
  /** Top-level content that is neither tensor nor live object: `epoch`, … */
  readonly extra: { readonly [key: string]: PlainValue }
}

/**
 * Opens a file that PyTorch wrote: a state dict or checkpoint (zip and older format) or a TorchScript archive. Nothing
 * in it is executed. Tensors are read when asked for. Close it after use.
 *
 * @throws WeightsError when the file is missing, damaged, or its pickle holds more than tensors and plain data
 */
export async function openTorch(path: string): Promise<TorchFile> {
  const source = await fileSource(path)
  try {
    return await torchFileOf(source)
  } catch (error) {
    await source.close()
    throw error
  }
}

/** The same for bytes of any kind. The file returned closes the source. */
export async function torchFileOf(source: ByteSource): Promise<TorchFile> {
  const archive = await openArchive(source)
  const { tensors, extra } = torchContent(archive.root, source.name)
  const entries = new Map<string, WeightEntry>()
  for (const [name, { storage, offset, shape, strides }] of tensors) {
    const layout = { name, dtype: storage.dtype, shape, strides, offset }
    entries.set(name, tensorEntry(layout, archive.storage(storage)))
  }
  return { entries, extra, source: source.name, close: () => source.close() }
}

async function openArchive(source: ByteSource): Promise<TorchArchive> {
  const start = await readBytes(source, 0, Math.min(legacyMagic.length, source.size))
  if (isZip(start)) return openTorchZip(source)
  if (isLegacyTorch(start)) return openTorchLegacy(source)
  throw new WeightsError(
    `${source.name}: not a file that PyTorch wrote (neither a zip archive nor its older format)`,
    { hint: 'Give a file that `torch.save` wrote, such as model.pth.tar-20 or ViT-B-16.pt.' },
  )
}

/** Whether bytes begin like a zip archive. */
export const isZip = (start: Uint8Array): boolean => startsWith(start, [0x50, 0x4b, 3, 4])

/** Whether bytes begin like PyTorch's format before zip archives. */
export const isLegacyTorch = (start: Uint8Array): boolean => startsWith(start, legacyMagic)

function startsWith(bytes: Uint8Array, prefix: readonly number[]): boolean {
  return prefix.every((byte, i) => bytes[i] === byte)
}
