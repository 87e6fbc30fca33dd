import { UserError } from '../errors.js'
import { normalize, testTransform } from '../image/preprocess.js'
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

/** Options of {@link predictImages}. */
export interface PredictOptions {
  /** Classes to give for each image. Default: 5. */
  readonly top?: number
  /** Tells images of none of the classes. */
  readonly rejection?: Rejection | undefined
  /** Divisor of the logits for calibrated probabilities, see `fitTemperature`. */
  readonly temperature?: number | undefined
  /** Called for images that cannot be read, which are then left out; without it they throw. */
  readonly onBadImage?: (error: UserError) => void
}

/** An image to classify. */
export interface NamedImage {
  readonly name: string
  /** @throws UserError where it cannot be read */
  load(): Promise<RgbImage>
}

/**
 * Classifies images, batch by batch in their order.
 *
 * @throws the UserError of an image that cannot be read
 */
export async function* predictImages(
  classifier: Classifier,
  images: readonly NamedImage[],
  { top = 5, rejection, temperature, onBadImage }: PredictOptions = {},
): AsyncGenerator<Prediction> {
  const { classNames, batchSize, preprocessing } = classifier
  const perImage = 3 * preprocessing.size ** 2
  for (let start = 0; start < images.length; start += batchSize) {
    const names: string[] = []
    const pixels = new Float32Array(batchSize * perImage)
    for (const image of images.slice(start, start + batchSize)) {
      try {
        const decoded = await image.load()
        normalize(testTransform(decoded, preprocessing), preprocessing, pixels, names.length * perImage)
        names.push(image.name)
      } catch (error) {
        if (!(error instanceof UserError) || !onBadImage) throw error
        onBadImage(error)
      }
    }
    if (names.length === 0) continue
    const { logits } = await classifier.classify(pixels.subarray(0, names.length * perImage))
    for (const [row, image] of names.entries()) {
      const own = logits.subarray(row * classNames.length, (row + 1) * classNames.length)
      const classes = mostLikely(own, classNames, temperature).slice(0, top)
      yield { image, classes, ...(rejection ? noneOfThese(own, rejection) : {}) }
    }
  }
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
