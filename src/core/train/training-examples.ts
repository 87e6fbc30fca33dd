import { encodeTexts } from '../clip/text-features.js'
import { selectClasses } from '../data/base-novel.js'
import type { Dataset, Datum } from '../data/dataset.js'
import { labelledSentences } from '../data/descriptions.js'
import { cachedOrNewFewShot, shortageWarnings } from '../data/few-shot.js'
import { ImageCache } from '../data/image-cache.js'
import { epochOrder, readableImages, trainBatchCount, trainBatches } from '../data/loader.js'
import { ConfigError, DataError, type UserError } from '../errors.js'
import { type ConfiguredMethod, type Examples, exampleWidth, type FeatureInputs } from '../methods/method.js'
import { frozenFeatures } from '../methods/prompted-features.js'
import type { Model } from '../model.js'
import { featureExamples } from './feature-examples.js'
import type { Settings } from './settings.js'

/** Decoded images kept in memory between epochs. */
const CACHE_BYTES = 512 * 2 ** 20

/** A batch of what is learned from. */
export interface ExampleBatch {
  /** Pixels [B, 3, R, R], or features [B, width] of images or sentences. */
  readonly images: Float32Array
  /** Class of each: B. */
  readonly labels: Int32Array
  /** Frozen features of the images, not normalised [B, embedDim], where they are computed once. */
  readonly frozen?: Float32Array | undefined
}

/** Chosen examples as the steps of a method take them. */
export interface TrainingExamples {
  /** Batches of an epoch, in an order drawn for it: the same for the same seed, whatever came before. */
  batches(epoch: number, batchSize: number): AsyncIterable<ExampleBatch>
  /** What a method that learns from features of images may look at as a whole. */
  readonly known?: Omit<Examples, 'text'>
  release(): Promise<void>
}

/** What of a data set is learned from: some images of every class, or the sentences about it. */
export interface ChosenExamples {
  readonly classNames: readonly string[]
  readonly kind: 'images' | 'sentences'
  readonly count: number
  /** The sentences, where these are what is learned from. */
  readonly sentences?: readonly string[]
  /** @param frozen features of the images that are computed once a view, for steps that are given them */
  open(method: ConfiguredMethod, frozen?: FeatureInputs): TrainingExamples
}

/** What choosing takes. */
export interface ChoiceOptions {
  readonly model: Model
  readonly data: Dataset
  /** Leave out images that cannot be read instead of stopping. */
  readonly skipBadImages?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * The few-shot draw of the settings, restricted to their classes. Yields warnings.
 *
 * @throws DataError where there are no images, or one cannot be read
 */
export async function* chosenImages(
  settings: Settings,
  { model, data, skipBadImages = false, signal }: ChoiceOptions,
): AsyncGenerator<string, ChosenExamples> {
  const { seed } = settings
  const drawn = await cachedOrNewFewShot(data, settings.shots, seed)
  if (drawn.cache) yield `the cached few-shot draw ${drawn.cache} is used`
  const { classNames, train } = selectClasses(drawn, settings.classes)
  const short = drawn.shortages.filter(({ className }) => classNames.includes(className))
  yield* shortageWarnings(short)
  if (train.length === 0) throw new DataError(`${data.name} has no training images`)

  const cache = new ImageCache(CACHE_BYTES)
  const bad: string[] = []
  const onBadImage = (_datum: Datum, error: UserError) => bad.push(error.message)
  const images = skipBadImages
    ? await readableImages(train, { cache, onBadImage, ...(signal ? { signal } : {}) })
    : train
  for (const message of bad) yield `left out: ${message}`
  const { runtime, clip } = model
  const common = { runtime, images, seed, cache, signal }
  return {
    classNames,
    kind: 'images',
    count: images.length,
    open(method, frozen) {
      const { features } = method
      if (features) {
        const examples = featureExamples({ ...common, method: { ...method, features } })
        return { ...examples, known: examples }
      }
      const views = frozen && featureExamples({ ...common, method: { ...method, features: frozen } })
      return {
        async *batches(epoch, batchSize) {
          const view = frozen && 1 + ((epoch - 1) % frozen.views)
          const { preprocessing } = clip
          const data = images
          for await (const { images, labels, indices } of trainBatches({
            data,
            batchSize,
            epoch,
            view,
            seed,
            preprocessing,
            cache,
            signal,
          })) {
            yield { images, labels, frozen: await views?.rows(indices, view!) }
          }
        },
        release: async () => views?.release(),
      }
    },
  }
}

/**
 * The sentences about the classes of the settings, by the features that the frozen text tower has for them.
 *
 * @throws DataError where there are none, a class has none, or one is longer than the model reads
 */
export function chosenSentences(
  { seed, classes }: Settings,
  { model: { clip, runtime }, data, signal }: ChoiceOptions,
): ChosenExamples {
  const dataset = selectClasses(data, classes)
  const { texts, labels } = labelledSentences(dataset)
  const { contextLength } = clip.config.text
  for (const [i, text] of texts.entries()) {
    const tokens = clip.tokenizer.encode(text).length + 2
    if (tokens <= contextLength) continue
    const className = dataset.classNames[labels[i]!]!
    const place = 1 + dataset.descriptions!.sentences[labels[i]!]!.indexOf(text)
    throw new DataError(
      `${dataset.descriptions!.source}: "${className}", entry ${place} has ${tokens} tokens; ${clip.name} reads at most ${contextLength}`,
      { hint: 'Shorten the sentence, or divide it.' },
    )
  }
  return {
    classNames: dataset.classNames,
    kind: 'sentences',
    count: texts.length,
    sentences: texts,
    open(method) {
      const width = exampleWidth(method)!
      let encoded: Promise<Float32Array> | undefined
      return {
        async *batches(epoch, batchSize) {
          encoded ??= encodeTexts(clip, runtime, texts)
          const features = await encoded
          const order = epochOrder(texts.length, epoch, seed)
          for (let step = 0; step < trainBatchCount(texts.length, batchSize); step++) {
            signal?.throwIfAborted()
            const members = order.slice(step * batchSize, (step + 1) * batchSize)
            const images = new Float32Array(members.length * width)
            for (const [row, i] of members.entries())
              images.set(features.subarray(i * width, (i + 1) * width), row * width)
            yield { images, labels: Int32Array.from(members, (i) => labels[i]!) }
          }
        },
        release: async () => {},
      }
    },
  }
}

/** Frozen CLIP's features of so many views of every image; undefined where each epoch has its own. */
export function frozenViews(method: ConfiguredMethod, views: number | undefined): FeatureInputs | undefined {
  if (views === undefined) return undefined
  if (exampleWidth(method) !== undefined) throw noViews(method.method.name)
  return { ...frozenFeatures(method.clip), views }
}

/** The error for steps that do not read frozen features of images. */
export const noViews = (method: string): ConfigError =>
  new ConfigError(`views: the steps of ${method} do not read frozen features of images`, {
    hint: 'Leave it out; methods that learn from features have an option of this name (--set views=N).',
  })
