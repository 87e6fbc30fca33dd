import type { Clip } from '../../core/clip/clip.js'
import { type TextFeatureCache, textGraph } from '../../core/clip/text-features.js'
import type { PixelCache } from '../../core/data/loader.js'
import type { FeatureCache } from '../../core/evaluate/feature-batches.js'
import type { FrozenImageTower } from '../../core/evaluate/frozen-image-tower.js'
import { encodeGraph } from '../../core/graph/index.js'
import {
  inputLength,
  isClipPixels,
  PREPROCESSING_VERSION,
  type Preprocessing,
} from '../../core/image/preprocess.js'
import type { ModelCaches } from '../../core/model.js'
import type { Runtime } from '../../core/runtime/session.js'
import { decoderVersions } from '../data/decode.js'
import { packageVersion } from '../runs/environment.js'
import { cacheKey, sha256 } from './cache-key.js'
import type { DiskCache } from './disk-cache.js'

/** What pixels depend on beside the file and the size. */
const preprocessing = async () => [PREPROCESSING_VERSION, await decoderVersions()]

/** What else a key contains where images are not of CLIP's own form: nothing is added for that, so that its entries stay. */
const resizing = ({ resize, interpolation }: Preprocessing): readonly unknown[] =>
  resize === 'shortest' && interpolation === 'bicubic' ? [] : [{ resize, interpolation }]
const pixelForm = (form: Preprocessing): readonly unknown[] =>
  isClipPixels(form) ? [] : [...resizing(form), { mean: form.mean, std: form.std }]

/** Likewise where an input is a clip. */
const framesKey = ({ frames }: Preprocessing): readonly unknown[] =>
  frames === undefined ? [] : [{ frames }]

/** Likewise where another view than the middle is looked at. */
const viewKey = ({ view }: Preprocessing): readonly unknown[] => (view === undefined ? [] : [{ view }])

/** Likewise where files are read otherwise than the reference does. */
const readingKey = (reading: string | undefined): readonly unknown[] =>
  reading === undefined ? [] : [{ reading }]

/** Pixels of evaluation images by the content of their files. */
export function pixelCache(disk: DiskCache): PixelCache {
  return {
    async pixels(bytes, form, make, reading) {
      const { size } = form
      const what = [
        contentHash(bytes),
        ...resizing(form),
        ...framesKey(form),
        ...viewKey(form),
        ...readingKey(reading),
      ]
      const key = cacheKey('pixels', await preprocessing(), size, ...what)
      const known = await disk.get('pixels', key)
      if (known?.length === inputLength(form)) return known
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
function featureCache(disk: DiskCache, model: () => Promise<readonly unknown[]>): FeatureCache {
  return {
    async open({ width, preprocessing: form, program }: FrozenImageTower) {
      const tower = cacheKey(
        'image-features',
        await model(),
        await preprocessing(),
        form.size,
        sha256(await program()),
        ...pixelForm(form),
        ...viewKey(form),
      )
      return {
        async find(bytes, reading) {
          const key = cacheKey(tower, contentHash(bytes), ...readingKey(reading))
          const features = floatsOf(await disk.get('image-features', key))
          return {
            features: features?.length === width ? features : undefined,
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
  return async ({ combination, classNames, templates, learned }, compute) => {
    // One short text stands for the computation; how many and how long they are, the texts themselves say.
    const { onnx } = await encodeGraph(textGraph(clip, 1, 4))
    // Equal weights may have been put beside another tokenizer.
    const tokens = [...classNames, ...templates].map((text) => clip.tokenizer.encode(text))
    const own = learned ? [learned.settings, learned.values.map(sha256)] : []
    const what = [combination, classNames, templates, tokens, ...own]
    const key = cacheKey('text-features', await basis(), sha256(onnx), what)
    const known = floatsOf(await disk.get('text-features', key))
    if (known?.length === classNames.length * clip.config.embedDim) return known
    const features = await compute()
    await disk.put('text-features', key, toBytes(features))
    return features
  }
}

/** float32 values as bytes of this machine's order; keys name the architecture. */
function toBytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.slice().buffer)
}

/** What {@link toBytes} has written; undefined where that cannot be. */
function floatsOf(bytes: Uint8Array | undefined): Float32Array | undefined {
  return bytes && bytes.length % 4 === 0 ? new Float32Array(bytes.slice().buffer) : undefined
}
