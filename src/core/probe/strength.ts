/** Powers of ten first tried, in their order: of equals the first is taken, which regularises least. */
const SWEEP = [6, 4, 2, 0, -2, -4, -6]
/** Halvings of the range around the best of them. */
const STEPS = 8

/** A strength that was tried. */
export interface Trial<T> {
  /** Weight of the losses against the penalty, scikit-learn's C. */
  readonly strength: number
  /** What it gave, and how good that is. */
  readonly fit: T
  readonly accuracy: number
}

/** Strengths that {@link chooseStrength} tries: the second step begins at the best of the sweep, which is known. */
export const TRIALS = SWEEP.length + 2 + STEPS - 2

/**
 * Chooses C as CoOp's linear probe does (Zhou et al., "Learning to prompt for vision-language models", after
 * the CLIP paper, appendix A.3): powers of 100 from 1e6 to 1e-6, then around the best of them 8 steps that compare
 * the ends of a range, from a tenth to ten times, and halve it on the logarithmic scale towards the better end (the
 * smaller of equals). The better end of the last step is the choice; nothing that was tried is better.
 *
 * @param attempt trains with a strength and says how accurate the result is on validation images; called once a strength
 * @returns the choice, and all trials in their order
 */
export async function chooseStrength<T>(
  attempt: (strength: number) => Promise<Omit<Trial<T>, 'strength'>>,
): Promise<{ chosen: Trial<T>; trials: readonly Trial<T>[] }> {
  const known = new Map<number, Trial<T>>()
  const at = async (exponent: number): Promise<Trial<T>> => {
    // 10 ** -4 is not 0.0001 to the last bit.
    const strength = Number((10 ** exponent).toPrecision(15))
    const trial = known.get(exponent) ?? { strength, ...(await attempt(strength)) }
    known.set(exponent, trial)
    return trial
  }

  let peak = SWEEP[0]!
  for (const exponent of SWEEP) {
    if ((await at(exponent)).accuracy > (await at(peak)).accuracy) peak = exponent
  }
  let [low, high] = [peak - 1, peak + 1]
  let chosen = await at(low)
  for (let step = 0; step < STEPS; step++) {
    const [left, right] = [await at(low), await at(high)]
    const middle = (low + high) / 2
    if (left.accuracy < right.accuracy) {
      chosen = right
      low = middle
    } else {
      chosen = left
      high = middle
    }
  }
  return { chosen, trials: [...known.values()] }
}
