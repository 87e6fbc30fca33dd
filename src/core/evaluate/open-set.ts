import { acceptanceThreshold } from './none-of-these.js'

/**
 * Area under the receiver operating characteristic, in percent: how often an image of the classes scores higher than
 * one of something else, a tie counting half (Mann-Whitney U / n m). 50 is chance.
 *
 * @param known scores of images of the classes
 * @param other scores of images of something else
 * @returns NaN where either is empty
 */
export function auroc(known: ArrayLike<number>, other: ArrayLike<number>): number {
  const [a, b] = [Float64Array.from(known).sort(), Float64Array.from(other).sort()]
  let wins = 0
  let below = 0
  let upTo = 0
  for (const score of a) {
    while (below < b.length && b[below]! < score) below++
    while (upTo < b.length && b[upTo]! <= score) upTo++
    wins += (below + upTo) / 2
  }
  return (100 * wins) / (a.length * b.length)
}

/**
 * Share of images of something else that pass for one of the classes, in percent, at the threshold that accepts at least
 * `accept` of the classes' own images (FPR95 of the literature).
 */
export function falsePositiveRate(known: ArrayLike<number>, other: ArrayLike<number>, accept = 0.95): number {
  return shareAccepted(other, acceptanceThreshold(known, accept))
}

/** Share of scores that are not below a threshold, in percent; NaN without scores. */
export function shareAccepted(scores: ArrayLike<number>, threshold: number): number {
  let accepted = 0
  for (let i = 0; i < scores.length; i++) accepted += scores[i]! >= threshold ? 1 : 0
  return (100 * accepted) / scores.length
}

/** Images whose score falls into one interval. */
export interface ScoreBin {
  readonly from: number
  /** Exclusive, but of the last. */
  readonly to: number
  readonly known: number
  readonly other: number
}

/** Scores by intervals of equal width between the lowest and the highest. */
export function scoreHistogram(known: ArrayLike<number>, other: ArrayLike<number>, bins = 10): ScoreBin[] {
  const all = [...Array.from(known), ...Array.from(other)]
  const low = all.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const high = all.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (all.length === 0) return []
  const width = (high - low) / bins
  const counted = (scores: ArrayLike<number>) => {
    const counts = new Array<number>(bins).fill(0)
    for (let i = 0; i < scores.length; i++) {
      const bin = width > 0 ? Math.floor((scores[i]! - low) / width) : 0
      counts[Math.min(bins - 1, bin)]! += 1
    }
    return counts
  }
  const [own, others] = [counted(known), counted(other)]
  return own.map((n, i) => ({
    from: low + i * width,
    to: i === bins - 1 ? high : low + (i + 1) * width,
    known: n,
    other: others[i]!,
  }))
}
