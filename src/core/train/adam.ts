import { add, div, mul, sqrt, sub, type Tensor } from '../graph/index.js'
import { checkGradients, type Optimizer } from './optimizer.js'

export interface AdamWOptions {
  readonly beta1?: number
  readonly beta2?: number
  readonly epsilon?: number
  /** Decoupled: `p` shrinks by `lr * weightDecay * p` before the step. */
  readonly weightDecay?: number
  /** Decay as a term of the gradient instead, `g + weightDecay * p`: `torch.optim.Adam`. */
  readonly coupled?: boolean
  /** Parameters that decay; by default all. Gains, biases and scales are usually left out. */
  readonly decays?: (name: string) => boolean
}

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter, "Decoupled weight decay regularization", algorithm 2, in
 * the form of `torch.optim.AdamW`, with its defaults):
 *
 *     p = p - lr * weightDecay * p
 *     m = beta1 * m + (1 - beta1) * g,   v = beta2 * v + (1 - beta2) * g^2
 *     p = p - lr * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
 *
 * Buffers are named `exp_avg.<parameter>` (m) and `exp_avg_sq.<parameter>` (v), float32. `t` counts all updates,
 * so a parameter should have a gradient in every step or in none.
 */
export function adamW(options: AdamWOptions = {}): Optimizer {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, decays = () => true } = options
  const { coupled = false } = options

  return {
    init: () => ({ step: 0, buffers: new Map() }),

    update(params, grads, state, lr) {
      checkGradients(params, grads)
      const step = state.step + 1
      const correction1 = 1 - beta1 ** step
      const correction2 = 1 - beta2 ** step
      const nextParams = new Map(params)
      const buffers = new Map(state.buffers)
      for (const [name, grad] of grads) {
        const param = params.get(name)!
        const oldM = state.buffers.get(`exp_avg.${name}`)
        const oldV = state.buffers.get(`exp_avg_sq.${name}`)
        const next = new Float32Array(param.length)
        const m = new Float32Array(param.length)
        const v = new Float32Array(param.length)
        const decay = decays(name) ? weightDecay : 0
        const keep = coupled ? 1 : 1 - lr * decay
        const added = coupled ? decay : 0
        for (let i = 0; i < param.length; i++) {
          const g = grad[i]! + added * param[i]!
          m[i] = (oldM === undefined ? 0 : beta1 * oldM[i]!) + (1 - beta1) * g
          v[i] = (oldV === undefined ? 0 : beta2 * oldV[i]!) + (1 - beta2) * g * g
          next[i] =
            keep * param[i]! - (lr * (m[i]! / correction1)) / (Math.sqrt(v[i]! / correction2) + epsilon)
        }
        nextParams.set(name, next)
        buffers.set(`exp_avg.${name}`, m)
        buffers.set(`exp_avg_sq.${name}`, v)
      }
      return { params: nextParams, state: { step, buffers } }
    },

    symbolic: {
      buffers: ['exp_avg', 'exp_avg_sq'],
      numbers: (made, lr) => [lr, 1 - beta1 ** (made + 1), 1 - beta2 ** (made + 1)],
      update(name, { param, grad, buffers }, [rate, correction1, correction2]) {
        const [oldM, oldV] = buffers as [Tensor, Tensor]
        const decay = decays(name) ? weightDecay : 0
        const g = coupled ? add(grad, mul(param, decay)) : grad
        const kept = coupled ? param : sub(param, mul(mul(param, decay), rate!))
        const m = add(mul(oldM, beta1), mul(g, 1 - beta1))
        const v = add(mul(oldV, beta2), mul(mul(g, g), 1 - beta2))
        const size = add(sqrt(div(v, correction2!)), epsilon)
        return { param: sub(kept, div(mul(div(m, correction1!), rate!), size)), buffers: [m, v] }
      },
    },
  }
}
