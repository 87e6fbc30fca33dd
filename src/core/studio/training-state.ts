/** What a training is doing. */
export type TrainingPhase =
  | 'idle'
  | 'preparing'
  | 'downloading'
  | 'training'
  | 'measuring'
  | 'finished'
  | 'stopped'
  | 'failed'

/** How far a training is, as pages show it. */
export interface TrainingState {
  readonly phase: TrainingPhase
  readonly run?: string
  readonly epochs: number
  readonly stepsPerEpoch: number
  /** Steps made, of all epochs. */
  readonly steps: number
  readonly secondsLeft?: number
  /** Mean loss of every epoch, and share of right answers on the pictures as they were varied, in percent. */
  readonly curve: readonly { readonly loss: number; readonly accuracy: number }[]
  readonly download?: { readonly received: number; readonly total?: number | undefined }
  readonly measured?: { readonly done: number; readonly total: number }
  readonly warnings: readonly string[]
  readonly problem?: { readonly message: string; readonly hint?: string | undefined }
}

/** What happens in a training. Times are in milliseconds of any clock. */
export type TrainingNews =
  | { readonly type: 'begin'; readonly run: string }
  | { readonly type: 'download'; readonly received: number; readonly total?: number | undefined }
  | {
      readonly type: 'start'
      readonly at: number
      readonly epochs: number
      readonly stepsPerEpoch: number
      /** Of the epochs that an earlier part of the training had finished. */
      readonly curve: TrainingState['curve']
    }
  | { readonly type: 'step'; readonly at: number; readonly epoch: number; readonly step: number }
  | { readonly type: 'epoch'; readonly loss: number; readonly accuracy: number }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'measure'; readonly done: number; readonly total: number }
  | { readonly type: 'finish' }
  | { readonly type: 'stop' }
  | { readonly type: 'fail'; readonly message: string; readonly hint?: string | undefined }

export const idle: TrainingState = {
  phase: 'idle',
  epochs: 0,
  stepsPerEpoch: 0,
  steps: 0,
  curve: [],
  warnings: [],
}

/** Whether a training is at work. */
export const isBusy = ({ phase }: TrainingState): boolean =>
  phase === 'preparing' || phase === 'downloading' || phase === 'training' || phase === 'measuring'

/** Share of the work that is done, 0 to 1; undefined where it cannot be told. */
export function shareDone({ phase, download, measured, steps, epochs, stepsPerEpoch }: TrainingState) {
  if (phase === 'downloading' && download?.total) return download.received / download.total
  if (phase === 'training' && stepsPerEpoch > 0) return steps / (epochs * stepsPerEpoch)
  if (phase === 'measuring' && measured && measured.total > 0) return measured.done / measured.total
  return phase === 'finished' ? 1 : undefined
}

/** Share of a new estimate of a step's time in what is kept: steps slow down and speed up with other work. */
const NEWEST = 0.1

/** Follows a training from its news. */
export class TrainingFollower {
  private current: TrainingState = idle
  private before = 0
  /** Milliseconds of a step. The first of a part of a training, which is slower, is left out. */
  private pace: number | undefined
  private seen = 0

  get state(): TrainingState {
    return this.current
  }

  take(news: TrainingNews): TrainingState {
    this.current = this.next(news)
    return this.current
  }

  private next(news: TrainingNews): TrainingState {
    const { current } = this
    switch (news.type) {
      case 'begin':
        this.pace = undefined
        this.seen = 0
        return { ...idle, phase: 'preparing', run: news.run }
      case 'download': {
        const { received, total } = news
        return { ...current, phase: 'downloading', download: { received, total } }
      }
      case 'start': {
        this.before = news.at
        const { epochs, stepsPerEpoch, curve } = news
        const steps = curve.length * stepsPerEpoch
        return { ...current, phase: 'training', epochs, stepsPerEpoch, curve, steps }
      }
      case 'step':
        return this.step(news.at, (news.epoch - 1) * current.stepsPerEpoch + news.step)
      case 'epoch': {
        const { loss, accuracy } = news
        return { ...current, curve: [...current.curve, { loss, accuracy }] }
      }
      case 'warning':
        return { ...current, warnings: [...current.warnings, news.message] }
      case 'measure': {
        const { done, total } = news
        return withoutTime({ ...current, phase: 'measuring', measured: { done, total } })
      }
      case 'finish':
        return withoutTime({ ...current, phase: 'finished' })
      case 'stop':
        return withoutTime({ ...current, phase: 'stopped' })
      case 'fail': {
        const { message, hint } = news
        return withoutTime({ ...current, phase: 'failed', problem: { message, hint } })
      }
    }
  }

  private step(at: number, steps: number): TrainingState {
    const { current } = this
    const made = Math.max(1, steps - current.steps)
    if (this.seen++ > 0) {
      const own = (at - this.before) / made
      this.pace = this.pace === undefined ? own : (1 - NEWEST) * this.pace + NEWEST * own
    }
    this.before = at
    const left = current.epochs * current.stepsPerEpoch - steps
    const secondsLeft = this.pace === undefined ? undefined : (this.pace * left) / 1000
    return { ...current, steps, ...(secondsLeft === undefined ? {} : { secondsLeft }) }
  }
}

function withoutTime({ secondsLeft: _, ...state }: TrainingState): TrainingState {
  return state
}
