// PromptSRC, section 3.2.2: prompt self-ensembling, p_GPA = sum_t w_t p_t over the epochs t = 1..N.

/** Shape of the Gaussian over epochs; both in epochs, the published base-to-novel setting is mean 15, std 1 of 20. */
export interface GaussianAggregationOptions {
  readonly mean: number
  readonly std: number
}

/** How epochs are weighted. */
export interface AggregationOptions extends GaussianAggregationOptions {
  /** `equal` weights, or those of an exponential moving average (table 6); default: the Gaussian's. */
  readonly average?: 'gaussian' | 'equal' | 'ema' | undefined
}

/** Kinds of {@link AggregationOptions.average}. */
export const averages = ['gaussian', 'equal', 'ema'] as const

/** What an exponential moving average keeps of itself from one epoch to the next; the paper does not print its own. */
const EMA_KEEPS = 0.9

/** Running sum of weighted prompts; part of a checkpoint, so that a resumed run ends in the same average. */
export interface AggregationState {
  /** Last epoch added, 0 before the first. */
  readonly epoch: number
  /** Weighted sum so far, by parameter name; empty before the first epoch. */
  readonly sum: ReadonlyMap<string, Float32Array>
}

/**
 * Weight of every epoch in Gaussian prompt aggregation: w_t = exp(-((t - mean) / std)^2 / 2), divided by the sum over
 * all epochs. Early prompts have not learned the task, late ones have overfitted it.
 *
 * Taken relative to the largest exponent, so that a mean far outside 1..N selects the nearest epoch
 * where the densities themselves would all underflow to zero.
 *
 * @throws RangeError when std is not positive or epochs is not a positive integer.
 */
export function gaussianWeights({ mean, std }: GaussianAggregationOptions, epochs: number): number[] {
  if (!(std > 0) || !Number.isFinite(std))
    throw new RangeError(`std: ${std}; expected a positive number of epochs`)
  if (!Number.isFinite(mean)) throw new RangeError(`mean: ${mean}; expected a number of epochs`)
  if (!Number.isInteger(epochs) || epochs < 1) throw new RangeError(`epochs: ${epochs}; expected 1, 2, …`)
  const exponents = Array.from({ length: epochs }, (_, i) => -0.5 * ((i + 1 - mean) / std) ** 2)
  const largest = Math.max(...exponents)
  const densities = exponents.map((exponent) => Math.exp(exponent - largest))
  const total = densities.reduce((sum, density) => sum + density, 0)
  return densities.map((density) => density / total)
}

/** Weights of the epochs 1 .. `epochs`, which sum to 1. */
export function epochWeights({ average, ...gaussian }: AggregationOptions, epochs: number): number[] {
  if (average === 'equal') return Array.from({ length: epochs }, () => 1 / epochs)
  if (average !== 'ema') return gaussianWeights(gaussian, epochs)
  // a_1 = p_1, a_t = 0.9 a_{t-1} + 0.1 p_t
  return Array.from(
    { length: epochs },
    (_, i) => EMA_KEEPS ** (epochs - 1 - i) * (i === 0 ? 1 : 1 - EMA_KEEPS),
  )
}

/**
 * Prompt aggregation, by the Gaussian where nothing else is said, as pure functions over the learnable parameters: `add` after the last step of each
 * epoch, `result` after the last epoch gives the parameters that replace the trained ones. The reference sums its
 * frozen weights as well, which changes nothing but rounding.
 */
export function gaussianAggregation(options: AggregationOptions, epochs: number) {
  const weights = epochWeights(options, epochs)

  return {
    weights: weights as readonly number[],

    init: (): AggregationState => ({ epoch: 0, sum: new Map() }),

    /** @throws RangeError when an epoch is left out or repeated: the average would not be one. */
    add(state: AggregationState, epoch: number, params: ReadonlyMap<string, Float32Array>): AggregationState {
      if (epoch !== state.epoch + 1 || epoch > epochs) {
        throw new RangeError(`aggregation: epoch ${epoch} of ${epochs} does not follow epoch ${state.epoch}`)
      }
      const weight = Math.fround(weights[epoch - 1]!)
      const sum = new Map<string, Float32Array>()
      for (const [name, values] of params) {
        const previous = state.sum.get(name)
        const weighted = values.map((value) => weight * value)
        sum.set(name, previous === undefined ? weighted : previous.map((value, i) => value + weighted[i]!))
      }
      return { epoch, sum }
    },

    /** @throws RangeError before the last epoch. */
    result(state: AggregationState): ReadonlyMap<string, Float32Array> {
      if (state.epoch !== epochs) {
        throw new RangeError(`aggregation: only ${state.epoch} of ${epochs} epochs were added`)
      }
      return state.sum
    },
  }
}
