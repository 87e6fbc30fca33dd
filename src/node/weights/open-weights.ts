import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { WeightsError } from '../../core/errors.js'
import { readBytes } from '../../core/weights/byte-source.js'
import type { StateDict, WeightEntry } from '../../core/weights/state-dict.js'
import { fileSource } from './file-source.js'
import { readJsonFile } from './json-file.js'
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

/** Opened weights and the paths of all files that they come from. */
export interface OpenWeights extends StateDict {
  readonly files: readonly string[]
}

const indexSchema = z.looseObject({ weight_map: z.record(z.string(), z.string()) })

/**
 * Opens a model that is split into several files, by its index (`model.safetensors.index.json`,
 * `pytorch_model.bin.index.json`): `weight_map` says which file beside it holds which tensor.
 *
 * @throws WeightsError when the index is damaged, or a file or tensor it names is missing
 */
async function openSharded(indexPath: string): Promise<OpenWeights> {
  const index = indexSchema.safeParse(await readJsonFile(indexPath))
  if (!index.success)
    throw new WeightsError(`${indexPath}: has no "weight_map" of tensor names to file names`)
  const map = Object.entries(index.data.weight_map)

  const shards = new Map<string, StateDict>()
  const close = async () => {
    await Promise.all([...shards.values()].map((shard) => shard.close()))
  }
  try {
    for (const file of new Set(map.map(([, file]) => file))) {
      if (file !== basename(file) || file === '..' || file.includes('\\')) {
        throw new WeightsError(`${indexPath}: names the file ${JSON.stringify(file)}, expected one beside it`)
      }
      shards.set(file, await openWeightFile(join(dirname(indexPath), file)))
    }
    const entries = new Map<string, WeightEntry>()
    for (const [name, file] of map) {
      const entry = shards.get(file)?.entries.get(name)
      if (!entry) throw new WeightsError(`${indexPath}: tensor "${name}" is not in ${file}`)
      entries.set(name, entry)
    }
    const files = [indexPath, ...[...shards.keys()].sort().map((file) => join(dirname(indexPath), file))]
    return { entries, source: indexPath, files, close }
  } catch (error) {
    await close()
    throw error
  }
}
