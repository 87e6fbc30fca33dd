import { add, mul, sub } from '../graph/index.js'
import { checkGradients, type Optimizer } from './optimizer.js'

export interface SgdOptions {
  readonly momentum?: number
  readonly dampening?: number
  readonly nesterov?: boolean
  /** L2 penalty added to the gradient (not decoupled). */
  readonly weightDecay?: number
}

/**
 * Stochastic gradient descent as PyTorch's `torch.optim.SGD`:
 *
 *     d = g + weightDecay * p
 *     b = d at the first step, else momentum * b + (1 - dampening) * d
 *     p = p - lr * (nesterov ? d + momentum * b : b)
 *
 * in float32 with a fused multiply-add, as PyTorch's CPU kernels: every assignment to a Float32Array below rounds
 * once, and a product of two float32 values is exact in the double it is added in.
 * Buffers are named `momentum.<parameter>`; there are none when momentum is 0.
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  const momentum = Math.fround(options.momentum ?? 0)
  const weightDecay = Math.fround(options.weightDecay ?? 0)
  const gain = Math.fround(1 - (options.dampening ?? 0))
  const nesterov = options.nesterov ?? false

  return {
    init: () => ({ step: 0, buffers: new Map() }),

    update(params, grads, state, lr) {
      checkGradients(params, grads)
      const rate = Math.fround(lr)
      const nextParams = new Map(params)
      const buffers = new Map(state.buffers)
      for (const [name, grad] of grads) {
        const param = params.get(name)!
        let direction = grad.map((g, i) => g + weightDecay * param[i]!)
        if (momentum !== 0) {
          const key = `momentum.${name}`
          const previous = state.buffers.get(key)
          const decayed = previous?.map((b) => momentum * b)
          const buffer = decayed?.map((b, i) => b + gain * direction[i]!) ?? direction
          buffers.set(key, buffer)
          direction = nesterov ? direction.map((d, i) => d + momentum * buffer[i]!) : buffer
        }
        nextParams.set(
          name,
          param.map((p, i) => p - rate * direction[i]!),
        )
      }
      return { params: nextParams, state: { step: state.step + 1, buffers } }
    },

    symbolic: {
      buffers: momentum === 0 ? [] : ['momentum'],
      numbers: (made, lr) => [lr, made === 0 ? 1 : gain],
      update(_, { param, grad, buffers: [previous] }, [rate, given]) {
        const direction = add(grad, mul(param, weightDecay))
        if (!previous) return { param: sub(param, mul(direction, rate!)), buffers: [] }
        const buffer = add(mul(previous, momentum), mul(direction, given!))
        const step = nesterov ? add(direction, mul(buffer, momentum)) : buffer
        return { param: sub(param, mul(step, rate!)), buffers: [buffer] }
      },
    },
  }
}
