import type { ClassProbability } from './predict.js'

/** How sure a classifier is that an image shows one of its classes at all; higher is surer. */
export type AcceptanceScore = (classes: readonly ClassProbability[]) => number

/** Maximum softmax probability (Hendrycks and Gimpel, ICLR 2017), 0 to 1. */
export const likeliestProbability: AcceptanceScore = ([first]) => first?.probability ?? 0

/** What is taken for an answer. */
export interface VerdictOptions {
  /** Images with a lower score show none of the classes. */
  readonly threshold: number
  /** The likeliest class must be ahead of the second by this much, as probabilities, 0 to 1. */
  readonly margin: number
  readonly score?: AcceptanceScore
}

/** What is made of one image: its class, none of them, or one of two that are too close. */
export interface Verdict {
  readonly kind: 'class' | 'uncertain' | 'none'
  /** By falling probability; at least the likeliest two where there are as many. */
  readonly classes: readonly ClassProbability[]
}

/**
 * Judges a prediction. None of the classes goes before uncertainty: where nothing is believed, nothing is close.
 *
 * @param classes all of the classifier's classes by falling probability
 */
export function verdictOf(
  classes: readonly ClassProbability[],
  { threshold, margin, score = likeliestProbability }: VerdictOptions,
): Verdict {
  const [first, second] = classes
  const ahead = (first?.probability ?? 0) - (second?.probability ?? 0)
  const kind = score(classes) < threshold ? 'none' : ahead < margin ? 'uncertain' : 'class'
  return { kind, classes: classes.slice(0, 2) }
}
