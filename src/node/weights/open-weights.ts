import { readBytes } from '../../core/weights/byte-source.js'
import { fileSource } from './file-source.js'
import { type OpenWeights, openSharded } from './sharded.js'
import { openWeightFile } from './weight-file.js'

/**
 * Opens weights of any kind, told by their content: one file (see `openWeightFile`), or the index of several
 * (see `openSharded`). Tensors are read when asked for. Close it after use.
 *
 * @throws WeightsError when a file is missing, damaged or of no known kind
 */
export async function openWeights(path: string): Promise<OpenWeights> {
  if (await isJson(path)) return openSharded(path)
  const { entries, source, close } = await openWeightFile(path)
  return { entries, source, close, files: [path] }
}

/** safetensors may begin with a brace too, but only as the lowest byte of a length whose highest byte is zero. */
async function isJson(path: string): Promise<boolean> {
  const source = await fileSource(path)
  try {
    const start = await readBytes(source, 0, Math.min(8, source.size))
    return start[0] === 0x7b && start[7] !== 0
  } finally {
    await source.close()
  }
}
