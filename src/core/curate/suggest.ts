import type { UserError } from '../errors.js'
import type { Classifier } from '../evaluate/classifier.js'
import {
  type ClassProbability,
  type NamedImage,
  type Prediction,
  predictEach,
  type UnreadableImage,
} from '../evaluate/predict.js'
import { joined } from '../rows.js'
import { farthestFirst } from './farthest-first.js'

/** An image whose label would help, with its two likeliest classes. */
export interface Suggestion {
  readonly image: string
  readonly classes: readonly ClassProbability[]
  /** 1 minus the margin between the two likeliest classes: 0 for a certain image, 1 where both are as likely. */
  readonly uncertainty: number
}

/** Options of {@link suggestImages}. */
export interface SuggestOptions {
  /** Images to suggest. */
  readonly count: number
  /** Images that have labels: what is like them is not suggested. */
  readonly labelled?: Iterable<NamedImage>
  /** Images decoded side by side. */
  readonly jobs?: number
  readonly signal?: AbortSignal
  /** Called for every image, with the error of one that cannot be read, which is left out. */
  readonly onImage?: (error?: UserError) => void
}

/**
 * Chooses the images whose labels would help most: those that the classifier is unsure of (margin sampling, Scheffer et al.
 * 2001), and of them such as are unlike what has labels and unlike each other (greedy k-center over the classifier's image
 * features, Sener and Savarese 2018). Copies of an image are suggested once, and never where one of them has a label.
 *
 * @returns up to `count` images, the most helpful first
 */
export async function suggestImages(
  classifier: Classifier,
  images: Iterable<NamedImage>,
  { count, labelled = [], ...reading }: SuggestOptions,
): Promise<Suggestion[]> {
  const covered = await readImages(classifier, labelled, reading)
  const { answers, features } = await readImages(classifier, images, reading)
  const uncertainty = answers.map(({ classes: [first, second] }) =>
    second ? 1 - (first!.probability - second.probability) : 0,
  )
  const chosen = farthestFirst(features, features.length / answers.length, count, {
    covered: covered.features,
    weights: uncertainty,
  })
  return chosen.map((i) => {
    const { image, classes } = answers[i]!
    return { image, classes, uncertainty: uncertainty[i]! }
  })
}

/** Answers to the images that can be read, and their features of unit length: [images, width]. */
async function readImages(
  classifier: Classifier,
  images: Iterable<NamedImage>,
  { jobs, signal, onImage }: Omit<SuggestOptions, 'count' | 'labelled'>,
): Promise<{ answers: Prediction[]; features: Float32Array }> {
  const answers: Prediction[] = []
  const batches: Float32Array[] = []
  const classify: Classifier['classify'] = async (pixels) => {
    const classified = await classifier.classify(pixels)
    batches.push(classified.features.slice())
    return classified
  }
  const options = { top: 2, ...(jobs ? { jobs } : {}), ...(signal ? { signal } : {}) }
  for await (const outcome of predictEach({ ...classifier, classify }, images, options)) {
    const error = errorOf(outcome)
    onImage?.(error)
    if (!error) answers.push(outcome as Prediction)
  }
  return { answers, features: joined(batches) }
}

const errorOf = (outcome: Prediction | UnreadableImage): UserError | undefined =>
  'error' in outcome ? outcome.error : undefined
