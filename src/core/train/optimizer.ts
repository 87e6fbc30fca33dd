import type { Tensor } from '../graph/index.js'

/** Values by parameter name, flat and row-major. Nothing in this folder changes such a record in place. */
export type Tensors = ReadonlyMap<string, Float32Array>

/** What an optimizer remembers between steps; all of it goes into a checkpoint. */
export interface OptimizerState {
  /** Updates made so far. */
  readonly step: number
  /** Buffers named `<kind>.<parameter>`, for example `momentum.prompt_learner.ctx`. */
  readonly buffers: Tensors
}

/** An optimizer as two pure functions: neither arguments nor earlier states are changed by `update`. */
export interface Optimizer {
  init(): OptimizerState
  /**
   * One step at learning rate `lr`. A parameter without a gradient is frozen: it stays as it is, without decay.
   *
   * @throws RangeError when a gradient is for no parameter or differs from it in length.
   */
  update(params: Tensors, grads: Tensors, state: OptimizerState, lr: number): OptimizerStep
  /** The same update as part of a graph, for devices on which what is learned stays; equal but for rounding. */
  readonly symbolic: SymbolicOptimizer
}

/** See {@link Optimizer.symbolic}. */
export interface SymbolicOptimizer {
  /** Kinds of buffers, of which every trained parameter has one each in its shape: zeros before the first update. */
  readonly buffers: readonly string[]
  /** Numbers that an update takes, always as many: for the one after `made` others, at learning rate `lr`. */
  numbers(made: number, lr: number): readonly number[]
  /** A parameter's next value and that of its buffers, in order. `numbers` are scalars (shape []). */
  update(
    name: string,
    values: { readonly param: Tensor; readonly grad: Tensor; readonly buffers: readonly Tensor[] },
    numbers: readonly Tensor[],
  ): { readonly param: Tensor; readonly buffers: readonly Tensor[] }
}

export interface OptimizerStep {
  readonly params: Tensors
  readonly state: OptimizerState
}

/** Throws where gradients do not belong to parameters: the sign of a wrongly wired graph. */
export function checkGradients(params: Tensors, grads: Tensors): void {
  for (const [name, grad] of grads) {
    const length = params.get(name)?.length
    if (grad.length !== length) {
      throw new RangeError(
        `gradient of ${name}: ${grad.length} values; the parameter has ${length ?? 'none'}`,
      )
    }
  }
}
