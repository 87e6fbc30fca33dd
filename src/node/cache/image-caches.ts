import type { PixelCache } from '../../core/data/loader.js'
import type { FeatureCache } from '../../core/evaluate/feature-batches.js'
import type { FrozenImageTower } from '../../core/evaluate/frozen-image-tower.js'
import { PREPROCESSING_VERSION } from '../../core/image/preprocess.js'
import { decoderVersions } from '../data/decode.js'
import { cacheKey, sha256 } from './cache-key.js'
import type { DiskCache } from './disk-cache.js'
import { floatsOf, toBytes } from './float-bytes.js'

/** What pixels depend on beside the file and the size. */
const preprocessing = [PREPROCESSING_VERSION, decoderVersions]

/** Pixels of evaluation images by the content of their files. */
export function pixelCache(disk: DiskCache): PixelCache {
  return {
    async pixels(bytes, resolution, make) {
      const key = cacheKey('pixels', preprocessing, resolution, contentHash(bytes))
      const known = await disk.get('pixels', key)
      if (known?.length === 3 * resolution * resolution) return known
      const pixels = await make()
      await disk.put('pixels', key, pixels)
      return pixels
    },
  }
}

/**
 * Features of frozen CLIP by the content of images.
 *
 * @param model what features depend on beside image and tower: the weights' hash, the runtime's signature, the version
 */
export function featureCache(disk: DiskCache, model: () => Promise<readonly unknown[]>): FeatureCache {
  return {
    async open({ embedDim, resolution, program }: FrozenImageTower) {
      const tower = cacheKey(
        'image-features',
        await model(),
        preprocessing,
        resolution,
        sha256(await program()),
      )
      return {
        async find(bytes) {
          const key = cacheKey(tower, contentHash(bytes))
          const features = floatsOf(await disk.get('image-features', key))
          return {
            features: features?.length === embedDim ? features : undefined,
            keep: (computed) => disk.put('image-features', key, toBytes(computed)),
          }
        },
      }
    },
  }
}

const hashes = new WeakMap<Uint8Array, string>()

/** A file's hash, computed once: pixels and features both go by it. */
function contentHash(bytes: Uint8Array): string {
  const known = hashes.get(bytes) ?? sha256(bytes)
  hashes.set(bytes, known)
  return known
}
