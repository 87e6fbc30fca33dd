/** How the learning rate falls once the warm-up is over. Epochs are counted by the schedule's counter, see `learningRate`. */
export type Decay =
  | { readonly type: 'cosine' }
  /** Multiply by `gamma` every `stepSize` epochs; a `stepSize` of 0 or less means once, after `epochs`. */
  | { readonly type: 'single_step'; readonly stepSize: number; readonly gamma: number }
  /** Multiply by `gamma` at each of the `milestones` (epoch counts of 1 or more, in any order). */
  | { readonly type: 'multi_step'; readonly milestones: readonly number[]; readonly gamma: number }

/** What happens in the first `epochs` epochs. */
export type Warmup = {
  readonly epochs: number
  /** True (the reference's default): the decay counts from the end of the warm-up. False: from the first epoch. */
  readonly recount?: boolean
} & (
  | { readonly type: 'constant'; readonly lr: number }
  /** `minLr` in epoch 1, then `lr * k / epochs` in epoch k + 1. */
  | { readonly type: 'linear'; readonly minLr: number }
)

export interface ScheduleConfig {
  /** Base learning rate. */
  readonly lr: number
  /** Epochs of the whole run, N; also the half period of the cosine. */
  readonly epochs: number
  readonly decay: Decay
  readonly warmup?: Warmup
}

/**
 * Learning rate of every step of an epoch (1-based), as Dassl's schedulers set it: once an epoch, after the
 * epoch's last batch. With a warm-up of w epochs, epoch w + 1 runs at the full rate, and
 *
 *     lr(e) = lr * (1 + cos(pi c / N)) / (1 + cos(pi s / N)),   c = s + e - 1 - w,   s = recount ? 0 : w
 *
 * so a recounted cosine has the half period N, not N - w, and does not reach zero. An epoch beyond N
 * continues the formula (the rate the reference is left with after its last epoch).
 *
 * @throws RangeError when the epoch is not a positive integer.
 */
export function learningRate(config: ScheduleConfig, epoch: number): number {
  if (!Number.isInteger(epoch) || epoch < 1) throw new RangeError(`epoch: ${epoch}; expected 1, 2, …`)
  const { warmup } = config
  const warmupEpochs = Math.max(0, warmup?.epochs ?? 0)
  if (warmup !== undefined && epoch <= warmupEpochs) {
    if (warmup.type === 'constant') return warmup.lr
    return epoch === 1 ? warmup.minLr : (config.lr * (epoch - 1)) / warmupEpochs
  }
  const start = (warmup?.recount ?? true) ? 0 : warmupEpochs
  return config.lr * decayBetween(config, start, start + epoch - 1 - warmupEpochs)
}

/** Factor by which the rate falls while the counter goes from `start` to `count`. */
function decayBetween({ decay, epochs }: ScheduleConfig, start: number, count: number): number {
  switch (decay.type) {
    case 'cosine': {
      const height = (c: number) => 1 + Math.cos((Math.PI * c) / epochs)
      return height(count) / height(start)
    }
    case 'single_step': {
      const stepSize = decay.stepSize > 0 ? decay.stepSize : epochs
      return decay.gamma ** (Math.floor(count / stepSize) - Math.floor(start / stepSize))
    }
    case 'multi_step': {
      const passed = decay.milestones.filter((milestone) => milestone > start && milestone <= count)
      return decay.gamma ** passed.length
    }
  }
}
