import { UserError } from '../errors.js'
import { normalize, testTransform } from '../image/preprocess.js'
import type { RgbImage } from '../image/resize.js'
import type { Classifier } from './classifier.js'

/** A class and how likely it is. */
export interface ClassProbability {
  readonly className: string
  /** Softmax over the classifier's classes, 0 to 1. */
  readonly probability: number
}

/** The likely classes of one image, most likely first. */
export interface Prediction {
  /** The path given, or the image's place in the list. */
  readonly image: string
  readonly classes: readonly ClassProbability[]
}

/** Options of {@link predictImages}. */
export interface PredictOptions {
  /** Classes to give for each image. Default: 5. */
  readonly top?: number
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
  { top = 5, onBadImage }: PredictOptions = {},
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
      yield { image, classes: mostLikely(own, classNames).slice(0, top) }
    }
  }
}

/** Classes by falling probability; the first of equals first. */
export function mostLikely(logits: Float32Array, classNames: readonly string[]): ClassProbability[] {
  const largest = Math.max(...logits)
  const weights = Array.from(logits, (value) => Math.exp(value - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return classNames
    .map((className, i) => ({ className, probability: weights[i]! / total }))
    .sort((a, b) => b.probability - a.probability)
}
