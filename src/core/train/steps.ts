import { TrainingError } from '../errors.js'
import type { HostTensor } from '../graph/index.js'
import type { TensorMap } from '../runtime/session.js'
import type { OptimizerState, Tensors } from './optimizer.js'

/** Figures of one step. */
export interface StepResult {
  readonly learningRate: number
  /** The method's terms by name; `total` is the loss. */
  readonly losses: Readonly<Record<string, number>>
  /** Right answers among the batch. */
  readonly correct: number
  /** What else the graph puts out; nothing where steps are made on a device. */
  readonly outputs: Readonly<Record<string, HostTensor>>
}

/** What steps change. */
export interface Learned {
  readonly parameters: Tensors
  readonly optimizer: OptimizerState
}

/** What a step is given beside what is learned. */
export interface StepFeeds {
  readonly inputs: TensorMap
  /** Classes of the batch's images. */
  readonly labels: ArrayLike<number>
  readonly learningRate: number
  /** 1-based, for messages. */
  readonly epoch: number
}

/** Makes steps one after the other; where what is learned lies between them is its own affair. */
export interface Steps {
  /** What is learned as far as it is known here: all of it after {@link settle}. */
  readonly learned: Learned
  /** Updates made, those before `begin` among them. */
  readonly made: number
  /** Goes on from here. */
  begin(from: Learned): void
  /**
   * Makes a step.
   *
   * @returns figures that have become known, in the order of the steps: of this one, or of none or several before it
   * @throws TrainingError when a loss or a gradient is not finite; it goes on from {@link learned} then
   */
  make(feeds: StepFeeds): Promise<readonly StepResult[]>
  /** The figures that are not known yet. Throws as `make` does. */
  settle(): Promise<readonly StepResult[]>
}

/** @param step 1-based, over all epochs */
export function diverged(
  bad: string,
  step: number,
  { epoch, learningRate }: Pick<StepFeeds, 'epoch' | 'learningRate'>,
): TrainingError {
  return new TrainingError(
    `training diverged: ${bad} is not a finite number at step ${step} (epoch ${epoch}, learning rate ${learningRate})`,
    { hint: 'Lower the learning rate, or check the images and the model for damaged values.' },
  )
}
