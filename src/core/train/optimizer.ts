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
