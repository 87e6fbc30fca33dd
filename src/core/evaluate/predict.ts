import { ahead, limiter } from '../data/ahead.js'
import type { FrameSource } from '../data/dataset.js'
import { testPixels } from '../data/loader.js'
import { UserError } from '../errors.js'
import { inputLength, normalize } from '../image/preprocess.js'
import type { RgbImage } from '../image/resize.js'
import type { Classifier } from './classifier.js'
import { type Judgement, noneOfThese, type Rejection } from './none-of-these.js'

/** A class and how likely it is. */
export interface ClassProbability {
  readonly className: string
  /** Softmax over the classifier's classes, 0 to 1. */
  readonly probability: number
  /** The same at the temperature that was asked for; absent without one. */
  readonly calibrated?: number
}

/** The likely classes of one image, most likely first; with score and judgement where a rejection was given. */
export interface Prediction extends Partial<Judgement> {
  /** The path given, or the image's place in the list. */
  readonly image: string
  readonly classes: readonly ClassProbability[]
}

/** An image that cannot be read, and why. */
export interface UnreadableImage {
  readonly image: string
  readonly error: UserError
}

/** How images are classified. */
export interface PredictEachOptions {
  /** Classes to give for each image. Default: 5. */
  readonly top?: number
  /** Tells images of none of the classes. */
  readonly rejection?: Rejection | undefined
  /** Divisor of the logits for calibrated probabilities, see `fitTemperature`. */
  readonly temperature?: number | undefined
  /** Images decoded side by side. Default: 4, as many as libuv has threads; memory grows with it. */
  readonly jobs?: number
  /** Stops the iteration by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** Options of {@link predictImages}. */
export interface PredictOptions extends PredictEachOptions {
  /** Called for images that cannot be read, which are then left out; without it they throw. */
  readonly onBadImage?: (error: UserError) => void
}

/** An image to classify. */
export interface NamedImage {
  readonly name: string
  /** @throws UserError where it cannot be read */
  load(): Promise<RgbImage>
  /** Its frames, where it is a clip. */
  readonly clip?: FrameSource | undefined
}

/** Batches decoded ahead of the model. */
const BATCHES_AHEAD = 2

/**
 * Classifies images, batch by batch in their order; those that cannot be read come in their places.
 *
 * A batch is of images that follow one another, readable or not, so that what an image gives does not depend on when or
 * how fast the others are read. No more than two batches of pixels, and `jobs` decoded images, are held at a time.
 */
export async function* predictEach(
  classifier: Classifier,
  images: Iterable<NamedImage>,
  { top = 5, rejection, temperature, jobs = 4, signal }: PredictEachOptions = {},
): AsyncGenerator<Prediction | UnreadableImage> {
  const { classNames, batchSize, preprocessing } = classifier
  const perImage = inputLength(preprocessing)
  const limit = limiter(jobs)
  const pixelsOf = async (image: NamedImage, stop: AbortSignal): Promise<Uint8Array | UserError> => {
    stop.throwIfAborted()
    try {
      const { name: source, clip } = image
      return await testPixels({ preprocessing }, { source, clip, load: () => image.load() }, stop)
    } catch (error) {
      if (error instanceof UserError) return error
      throw error
    }
  }
  function* batches() {
    for (const members of groupsOf(images, batchSize)) {
      yield async (stop: AbortSignal) => {
        const pixels = await Promise.all(members.map((image) => limit(() => pixelsOf(image, stop))))
        return members.map(({ name }, i) => ({ image: name, pixels: pixels[i]! }))
      }
    }
  }
  for await (const batch of ahead(batches(), BATCHES_AHEAD, signal)) {
    const readable = batch.flatMap(({ pixels }) => (pixels instanceof UserError ? [] : [pixels]))
    const input = new Float32Array(readable.length * perImage)
    for (const [row, pixels] of readable.entries()) normalize(pixels, preprocessing, input, row * perImage)
    const logits = readable.length > 0 ? (await classifier.classify(input)).logits : input
    let row = 0
    for (const { image, pixels } of batch) {
      if (pixels instanceof UserError) {
        yield { image, error: pixels }
        continue
      }
      const own = logits.subarray(row * classNames.length, (row + 1) * classNames.length)
      yield { image, ...answerOf(own, classNames, { top, rejection, temperature }) }
      row++
    }
  }
}

/**
 * Classifies images, batch by batch in their order.
 *
 * @throws the UserError of an image that cannot be read
 */
export async function* predictImages(
  classifier: Classifier,
  images: Iterable<NamedImage>,
  { onBadImage, ...options }: PredictOptions = {},
): AsyncGenerator<Prediction> {
  for await (const outcome of predictEach(classifier, images, options)) {
    if (!('error' in outcome)) yield outcome
    else if (onBadImage) onBadImage(outcome.error)
    else throw outcome.error
  }
}

/** What one image's logits [classes] say. */
export function answerOf(
  logits: Float32Array,
  classNames: readonly string[],
  { top = 5, rejection, temperature }: Pick<PredictEachOptions, 'top' | 'rejection' | 'temperature'>,
): Omit<Prediction, 'image'> {
  return {
    classes: mostLikely(logits, classNames, temperature).slice(0, top),
    ...(rejection ? noneOfThese(logits, rejection) : {}),
  }
}

function* groupsOf<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let group: T[] = []
  for (const item of items) {
    group.push(item)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}

/** Classes by falling probability; the first of equals first. */
export function mostLikely(
  logits: Float32Array,
  classNames: readonly string[],
  temperature?: number,
): ClassProbability[] {
  const plain = softmax(logits)
  const calibrated = temperature === undefined ? undefined : softmax(logits, temperature)
  return classNames
    .map((className, i) => ({
      className,
      probability: plain[i]!,
      ...(calibrated ? { calibrated: calibrated[i]! } : {}),
    }))
    .sort((a, b) => b.probability - a.probability)
}

function softmax(logits: Float32Array, temperature = 1): number[] {
  const largest = Math.max(...logits)
  const weights = Array.from(logits, (value) => Math.exp((value - largest) / temperature))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
