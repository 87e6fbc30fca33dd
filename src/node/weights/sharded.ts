import { basename, dirname, join } from 'node:path'
import * as z from 'zod'
import { WeightsError } from '../../core/errors.js'
import type { StateDict, WeightEntry } from '../../core/weights/state-dict.js'
import { readJsonFile } from './json-file.js'
import { openWeightFile } from './weight-file.js'

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
export async function openSharded(indexPath: string): Promise<OpenWeights> {
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
