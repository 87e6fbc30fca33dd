import type { ClassProbability } from './predict.js'

/** What a classifier says of one image. */
export interface Answer {
  /** By falling probability; at least the likeliest two where there are as many. */
  readonly classes: readonly ClassProbability[]
  /** How far the likeliest class stands out, see `conceptScores`. */
  readonly score: number
}

/** What is taken for an answer. */
export interface VerdictOptions {
  /** Images below it show none of the classes. */
  readonly threshold: number
  /**
   * What is compared with it: the score, as `noneOfThese` does, or the probability of the likeliest class (maximum softmax
   * probability: Hendrycks and Gimpel, ICLR 2017).
   */
  readonly thresholdOf: 'score' | 'probability'
  /** The likeliest class must be ahead of the second by this much, as probabilities, 0 to 1. */
  readonly margin: number
}

/** What is made of one image: its class, none of them, or one of two that are too close. */
export interface Verdict extends Answer {
  readonly kind: 'class' | 'uncertain' | 'none'
}

/** Judges an answer. None of the classes goes before uncertainty: where nothing is believed, nothing is close. */
export function verdictOf(
  { classes, score }: Answer,
  { threshold, thresholdOf, margin }: VerdictOptions,
): Verdict {
  const [first = 0, second = 0] = classes.map(({ probability }) => probability)
  const believed = (thresholdOf === 'score' ? score : first) >= threshold
  const kind = !believed ? 'none' : first - second < margin ? 'uncertain' : 'class'
  return { kind, classes: classes.slice(0, 2), score }
}
