import type { Clip } from '../../core/clip/clip.js'
import { type TextFeatureCache, textGraph } from '../../core/clip/text-features.js'
import { encodeGraph } from '../../core/graph/index.js'
import type { ModelCaches } from '../../core/model.js'
import type { Runtime } from '../../core/runtime/session.js'
import { packageVersion } from '../runs/environment.js'
import { cacheKey, sha256 } from './cache-key.js'
import type { DiskCache } from './disk-cache.js'
import { floatsOf, toBytes } from './float-bytes.js'
import { featureCache, pixelCache } from './image-caches.js'

/** What the caches need to know of a model. */
interface CachedModel {
  readonly clip: Clip
  readonly runtime: Runtime
  /** SHA-256 of the weights. */
  hash(): Promise<string>
}

/** The caches of a model on a disk cache. */
export function modelCaches(disk: DiskCache, { clip, runtime, hash }: CachedModel): ModelCaches {
  const pixels = pixelCache(disk)
  const { signature } = runtime
  if (!signature) return { pixels }
  const basis = async () => [packageVersion(), signature, await hash()]
  return { pixels, features: featureCache(disk, basis), text: textCache(disk, clip, basis) }
}

/** Features of classes by their names, the templates and how these are combined. */
function textCache(disk: DiskCache, clip: Clip, basis: () => Promise<readonly unknown[]>): TextFeatureCache {
  return async ({ combination, classNames, templates }, compute) => {
    // One short text stands for the computation; how many and how long they are, the texts themselves say.
    const { onnx } = await encodeGraph(textGraph(clip, 1, 4))
    // Equal weights may have been put beside another tokenizer.
    const tokens = [...classNames, ...templates].map((text) => clip.tokenizer.encode(text))
    const what = [combination, classNames, templates, tokens]
    const key = cacheKey('text-features', await basis(), sha256(onnx), what)
    const known = floatsOf(await disk.get('text-features', key))
    if (known?.length === classNames.length * clip.config.embedDim) return known
    const features = await compute()
    await disk.put('text-features', key, toBytes(features))
    return features
  }
}
