import type { Datum } from '../data/dataset.js'
import type { ImageCache } from '../data/image-cache.js'
import { epochOrder, trainBatchCount, viewBatches } from '../data/loader.js'
import { encodeGraph, input } from '../graph/index.js'
import { inputLength } from '../image/preprocess.js'
import type { ConfiguredMethod, Examples, FeatureInputs } from '../methods/method.js'
import type { Runtime, Session } from '../runtime/session.js'

/** Images of one run of the frozen tower. */
export const FEATURE_BATCH = 16

/** What features are computed of, and with. */
export interface FeatureExamplesOptions {
  readonly method: ConfiguredMethod & { readonly features: FeatureInputs }
  readonly runtime: Runtime
  readonly images: readonly Datum[]
  readonly seed: number
  readonly cache?: ImageCache | undefined
  readonly signal?: AbortSignal | undefined
}

/** Training images by the features of their augmented views. */
export interface FeatureExamples extends Omit<Examples, 'text'> {
  /** Batches of an epoch: images in an order drawn for it, by the features of the epoch's view. */
  batches(
    epoch: number,
    batchSize: number,
  ): AsyncGenerator<{ readonly images: Float32Array; readonly labels: Int32Array }>
  /** Features [images, width] of the images of those places in a view. */
  rows(places: ArrayLike<number>, view: number): Promise<Float32Array>
  release(): Promise<void>
}

/**
 * Features of training images by a method's frozen tower. A view is computed when it is first asked for and kept; it
 * depends on the seed and its number alone, so that a run that is resumed computes the same again.
 *
 * @throws DataError when an image cannot be decoded
 */
export function featureExamples(options: FeatureExamplesOptions): FeatureExamples {
  const { method, runtime, images, seed } = options
  const { features, clip } = method
  const { width, views } = features
  const { imageTower, preprocessing } = clip
  const labels = Int32Array.from(images, ({ label }) => label)
  const shape = [FEATURE_BATCH, ...imageTower.inputs]
  let compiled: Promise<Session> | undefined
  const known = new Map<number, Promise<Float32Array>>()

  const encode = async (view: number) => {
    compiled ??= encodeGraph({ features: features.tower(input('images', shape)) }).then((graph) =>
      runtime.compile(graph),
    )
    const session = await compiled
    const rows = new Float32Array(images.length * width)
    for await (const { images: pixels, indices } of viewBatches({
      data: images,
      batchSize: FEATURE_BATCH,
      preprocessing,
      epoch: view,
      seed,
      leastArea: features.leastArea,
      cache: options.cache,
      signal: options.signal,
    })) {
      const padded = new Float32Array(FEATURE_BATCH * inputLength(preprocessing))
      padded.set(pixels)
      const { features: found } = await session.run({ images: { shape, data: padded } })
      rows.set(found!.data.subarray(0, indices.length * width), indices[0]! * width)
    }
    return rows
  }
  const view = (v: number) => {
    const rows = known.get(v) ?? encode(v)
    if (features.passing) known.clear()
    known.set(v, rows)
    return rows
  }

  const rowsOf = async (places: ArrayLike<number>, v: number) => {
    const rows = await view(v)
    const picked = new Float32Array(places.length * width)
    for (let i = 0; i < places.length; i++)
      picked.set(rows.subarray(places[i]! * width, (places[i]! + 1) * width), i * width)
    return picked
  }

  return {
    labels,
    view,
    rows: rowsOf,
    async *batches(epoch, batchSize) {
      const order = epochOrder(images.length, epoch, seed)
      for (let step = 0; step < trainBatchCount(images.length, batchSize); step++) {
        options.signal?.throwIfAborted()
        const members = order.slice(step * batchSize, (step + 1) * batchSize)
        const batch = await rowsOf(members, 1 + ((epoch - 1) % views))
        yield { images: batch, labels: Int32Array.from(members, (member) => labels[member]!) }
      }
    },
    async release() {
      await (await compiled)?.release()
    },
  }
}
