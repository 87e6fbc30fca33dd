import { ConfigError, DataError, UserError } from '../errors.js'
import { trainTransform } from '../image/augment.js'
import { inputLength, normalize, type Preprocessing, testTransform } from '../image/preprocess.js'
import type { RgbImage } from '../image/resize.js'
import { type RandomStream, randomStream } from '../random.js'
import { ahead, limiter, nextTurn, type Task } from './ahead.js'
import type { Datum } from './dataset.js'
import { inOrder, middle, type Pictured, sampledFrames } from './frames.js'
import type { ImageCache } from './image-cache.js'

export interface LoadOptions {
  readonly data: readonly Datum[]
  readonly batchSize: number
  /** How images become the model's input. */
  readonly preprocessing: Preprocessing
  /** Keeps decoded images between epochs; without one, every epoch decodes anew. */
  readonly cache?: ImageCache | undefined
  /** Batches made ahead of the consumer; 3 by default. */
  readonly prefetch?: number | undefined
  /** Stops the iteration by throwing the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface TrainBatchOptions extends LoadOptions {
  /** 1-based. */
  readonly epoch: number
  readonly seed: number
  /** The epoch as which images are augmented. Default: {@link epoch}. */
  readonly view?: number | undefined
}

export interface EvalOptions extends LoadOptions {
  /** Leave out images that cannot be decoded instead of throwing; each is reported to `onBadImage`, in order. */
  readonly skipBadImages?: boolean | undefined
  readonly onBadImage?: OnBadImage | undefined
}

export interface EvalBatchOptions extends EvalOptions {
  /** Keeps the pixels of evaluation images from one process to the next. */
  readonly pixels?: PixelCache | undefined
}

/** Keeps what the test transform makes of image files, by their content and how it is read. */
export interface PixelCache {
  /** The pixels [R, R, 3] that are kept for such a file, or those that `make` gives; these are kept from then on. */
  pixels(
    bytes: Uint8Array,
    preprocessing: Preprocessing,
    make: () => Promise<Uint8Array>,
    reading?: string,
  ): Promise<Uint8Array>
}

export type OnBadImage = (datum: Datum, error: UserError) => void

export interface Batch {
  /**
   * [B, 3, R, R], of clips [B, 3 frames, R, R], normalised as the model expects. In training B is the batch size, or the number of images where those
   * are fewer. In evaluation B is always the batch size; rows beyond the images are zero.
   */
  readonly images: Float32Array
  /** Class of every image: B in training, in evaluation as many as there are images. */
  readonly labels: Int32Array
  /** Place of every image in `data`. */
  readonly indices: Int32Array
}

/** Images being decoded at a time: as many as libuv has threads, so that large photos do not pile up in memory. */
const concurrency = 4
const defaultPrefetch = 3

/**
 * Batches of one training epoch: the images in an order drawn for (seed, epoch), each augmented by a stream of its own
 * for (seed, epoch, index), the last incomplete batch left out unless it is the only one. The frames of a clip are drawn
 * likewise, and all of them are augmented alike. Values and order depend on
 * nothing else: neither on timing, prefetching nor what came before, so an epoch can be repeated exactly.
 *
 * @throws DataError when there are no images or one cannot be decoded (see `readableImages`)
 */
export async function* trainBatches(options: TrainBatchOptions): AsyncGenerator<Batch, void, undefined> {
  const { data, batchSize, epoch, seed } = options
  if (data.length === 0) throw new DataError('no training images')
  checkBatchSize(batchSize)
  const order = epochOrder(data.length, epoch, seed)
  yield* augmented(options, chunks(order, batchSize).slice(0, trainBatchCount(data.length, batchSize)))
}

/** The order of images in an epoch. */
export function epochOrder(images: number, epoch: number, seed: number): number[] {
  return randomStream(seed, 'shuffle', epoch).shuffle(Array.from({ length: images }, (_, i) => i))
}

/**
 * All images in their order, as the training epoch of that number augments them.
 *
 * @param leastArea least share of an image's area in its crop; default: that of training
 * @throws DataError when one cannot be decoded
 */
export async function* viewBatches(
  options: TrainBatchOptions & { readonly leastArea?: number | undefined },
): AsyncGenerator<Batch, void, undefined> {
  yield* augmented(options, chunks([...options.data.keys()], options.batchSize))
}

async function* augmented(
  options: TrainBatchOptions & { readonly leastArea?: number | undefined },
  batches: readonly number[][],
): AsyncGenerator<Batch, void, undefined> {
  const { epoch, view = epoch, seed, preprocessing, leastArea } = options
  const rng = (index: number): RandomStream => randomStream(seed, 'augment', view, index)
  const pixels: Transform = (image, index) => trainTransform(image, preprocessing, rng(index), leastArea)
  const within = (index: number) => {
    const random = randomStream(seed, 'frames', view, index)
    return () => random.uniform()
  }
  const limit = limiter(concurrency)
  const tasks = batches.map(
    (indices): Task<Batch> =>
      async (signal) => {
        const images = await Promise.all(
          indices.map((index) =>
            limit(() => loadPixels(options, index, { pixels, within: within(index) }, signal)),
          ),
        )
        return assemble(options, images, indices, indices.length)
      },
  )
  yield* ahead(tasks, options.prefetch ?? defaultPrefetch, options.signal)
}

/** Batches, that is steps, of a training epoch over `images` images. */
export function trainBatchCount(images: number, batchSize: number): number {
  return Math.max(1, Math.floor(images / batchSize))
}

/**
 * Batches for evaluation, in the order of `data`, with the test transform. The buffer always has `batchSize` rows, as
 * compiled programs expect; `labels` and `indices` tell how many hold images.
 *
 * @throws DataError when an image cannot be decoded, unless bad images are skipped
 */
export async function* evalBatches(options: EvalBatchOptions): AsyncGenerator<Batch, void, undefined> {
  const load = (datum: Datum, signal: AbortSignal) => testPixels(options, datum, signal)
  yield* evalItems(options, load, (pixels, indices) => assemble(options, pixels, indices, options.batchSize))
}

/**
 * Whatever evaluation loads of every image, batch by batch in the order of `data`.
 *
 * @param load loads one image; UserErrors are those of bad images
 * @param combine makes a batch of what is readable, given the places in `data`
 * @throws DataError when an image cannot be loaded, unless bad images are skipped
 */
export async function* evalItems<T, B>(
  options: EvalOptions,
  load: (datum: Datum, signal: AbortSignal) => Promise<T>,
  combine: (items: readonly T[], indices: readonly number[]) => B,
): AsyncGenerator<B, void, undefined> {
  const { data, batchSize, skipBadImages, onBadImage } = options
  checkBatchSize(batchSize)
  const limit = limiter(concurrency)
  const tasks = chunks([...data.keys()], batchSize).map((indices) => async (signal: AbortSignal) => {
    const one = (index: number) => limit(() => load(data[index]!, signal))
    const items = await Promise.all(
      indices.map((index) => (skipBadImages ? orError(one(index)) : one(index))),
    )
    const readable = items.filter(isReadable)
    const kept = indices.filter((_, place) => isReadable(items[place]!))
    return { batch: combine(readable, kept), indices, items }
  })
  for await (const { batch, indices, items } of ahead(
    tasks,
    options.prefetch ?? defaultPrefetch,
    options.signal,
  )) {
    for (const [place, item] of items.entries()) {
      if (!isReadable(item)) onBadImage?.(data[indices[place]!]!, item)
    }
    yield batch
  }
}

/**
 * The [R, R, 3] pixels of an image by the test transform, of clips [frames, R, R, 3].
 *
 * @param bytes the image's file where it was read already
 */
export async function testPixels(
  { cache, pixels, preprocessing }: Pick<EvalBatchOptions, 'cache' | 'pixels' | 'preprocessing'>,
  datum: Pictured & Pick<Datum, 'file'>,
  signal: AbortSignal,
  bytes?: Uint8Array,
): Promise<Uint8Array> {
  const { file } = datum
  const { frames, view } = preprocessing
  const within = view ? () => view.within : middle
  const made = async (image: RgbImage) => {
    // See `loadPixels`.
    await nextTurn()
    signal.throwIfAborted()
    return testTransform(image, preprocessing)
  }
  const madeOfFrames = async () =>
    inOrder(await sampledFrames(datum, frames!, within, cache), (picture) => made(picture))
  signal.throwIfAborted()
  if (!pixels || !file) return frames ? madeOfFrames() : made(await decoded(datum, cache))
  const content = bytes ?? (await file.read())
  const make = async () => (frames ? madeOfFrames() : made(await file.decode(content)))
  return pixels.pixels(content, preprocessing, make, file.reading)
}

/**
 * The images that can be decoded; the others are reported, both in their order. Training with bad images skipped starts
 * with this pass over the selected images, so that every epoch and a resumed run see the same list.
 *
 * @throws DataError when a class loses all its images
 */
export async function readableImages(
  data: readonly Datum[],
  options: {
    readonly cache?: ImageCache | undefined
    readonly onBadImage?: OnBadImage | undefined
    readonly signal?: AbortSignal | undefined
  } = {},
): Promise<Datum[]> {
  const tasks = data.map((datum) => () => orError(decoded(datum, options.cache)))
  const kept: Datum[] = []
  let place = 0
  for await (const image of ahead(tasks, concurrency, options.signal)) {
    const datum = data[place++]!
    if (image instanceof UserError) options.onBadImage?.(datum, image)
    else kept.push(datum)
  }

  const left = new Set(kept.map(({ label }) => label))
  const lost = data.find(({ label }) => !left.has(label))
  if (lost !== undefined) {
    throw new DataError(`none of the images of a class can be read; one of them is ${lost.source}`, {
      hint: 'Replace the damaged files, or remove the class.',
    })
  }
  return kept
}

function decoded(datum: Pictured, cache: ImageCache | undefined): Promise<RgbImage> {
  return cache === undefined ? datum.load() : cache.load(datum)
}

/** Makes the [R, R, 3] pixels of one image. */
type Transform = (image: RgbImage, index: number) => Uint8Array

async function loadPixels(
  { data, cache, preprocessing: { frames } }: LoadOptions,
  index: number,
  { pixels, within }: { readonly pixels: Transform; readonly within: () => number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  signal.throwIfAborted()
  const transformed = async (image: RgbImage) => {
    // Transforms run on this thread: between two of them, messages from the one that trains get their turn.
    await nextTurn()
    signal.throwIfAborted()
    return pixels(image, index)
  }
  const datum = data[index]!
  if (!frames) return transformed(await decoded(datum, cache))
  return inOrder(await sampledFrames(datum, frames, within, cache), transformed)
}

/** The error instead of the image where the image is at fault; faults of the program stay thrown. */
async function orError<T>(image: Promise<T>): Promise<T | UserError> {
  try {
    return await image
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}

function isReadable<T>(item: T | UserError): item is T {
  return !(item instanceof UserError)
}

function assemble(
  { data, preprocessing }: LoadOptions,
  pixels: readonly Uint8Array[],
  indices: readonly number[],
  rows: number,
): Batch {
  const size = inputLength(preprocessing)
  const images = new Float32Array(rows * size)
  for (const [row, image] of pixels.entries()) normalize(image, preprocessing, images, row * size)
  return {
    images,
    labels: Int32Array.from(indices, (index) => data[index]!.label),
    indices: Int32Array.from(indices),
  }
}

function checkBatchSize(size: number): void {
  if (!Number.isInteger(size) || size < 1) {
    throw new ConfigError(`batch size: ${size}; expected 1 or more images`)
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}
