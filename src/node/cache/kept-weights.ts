import type { DerivedFile } from '../../core/graph/index.js'
import type { KeptWeights } from '../../core/runtime/load-weights.js'
import { packageVersion } from '../runs/environment.js'
import { cacheKey } from './cache-key.js'
import type { DiskCache } from './disk-cache.js'

/**
 * Keeps what graphs have of a model's weights in the form in which they are computed with, so that later processes map it
 * instead of reading, converting and folding the weights.
 *
 * @param tensors the model's own, from which files say that they follow
 * @param hash SHA-256 of the weights
 */
export function keptWeights(disk: DiskCache, tensors: object, hash: () => Promise<string>): KeptWeights {
  let group: Promise<string> | undefined
  // The version stands for how values are computed, the architecture for the order of their bytes.
  const groupOf = () =>
    (group ??= hash().then((weights) => cacheKey('weights', packageVersion(), process.arch, weights)))
  const nameOf = ({ part, contents }: DerivedFile) => `${part}-${cacheKey(contents).slice(0, 32)}.weights`
  return {
    async find(derived, bytes) {
      if (derived.from !== tensors) return undefined
      const name = nameOf(derived)
      const folder = await disk.fileFolder('weights', await groupOf(), name, bytes)
      return folder === undefined ? undefined : { folder, name }
    },
    async keep(derived, bytes) {
      if (derived.from === tensors) await disk.keepFile('weights', await groupOf(), nameOf(derived), bytes)
    },
  }
}
