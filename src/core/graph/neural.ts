import { customGradient, stopGradient } from './custom-gradient.js'
import { add, div, erf, exp, log, mul, sigmoid, sqrt, sub } from './elementwise.js'
import { swapLast } from './layout.js'
import { apply, applyAll, type Operator } from './operator.js'
import { matmul } from './product.js'
import { max, mean, sum } from './reduce.js'
import { constant, GraphError, normalizeAxis, type Tensor, zeros } from './tensor.js'

const layerNormOperator: Operator = {
  name: 'LayerNormalization',
  infer([x, gain, bias]) {
    const width = x!.dim(-1)
    if (gain!.shape.join() !== `${width}` || bias!.shape.join() !== `${width}`) {
      throw new GraphError(`layer norm of [${x!.shape}] with gain [${gain!.shape}] and bias [${bias!.shape}]`)
    }
    const rows = [...x!.shape.slice(0, -1), 1]
    return [x!.shape, rows, rows]
  },
  gradient({ inputs: [x, gain], outputs: [y, center, inverseStd] }, [dy], [needX, needGain, needBias]) {
    const plain = isOnes(gain!)
    const normal = plain ? y! : mul(sub(x!, center!), inverseStd!)
    const rowAxes = x!.shape.slice(0, -1).map((_, i) => i)
    const dx = () => {
      const g = plain ? dy! : mul(dy!, gain!)
      return mul(sub(sub(g, mean(g, [-1], true)), mul(normal, mean(mul(g, normal), [-1], true))), inverseStd!)
    }
    return [
      needX ? dx() : undefined,
      needGain ? sum(mul(dy!, normal), rowAxes) : undefined,
      needBias ? sum(dy!, rowAxes) : undefined,
    ]
  },
}

/** Layer normalisation over the last axis (biased variance), then gain and bias of that width. */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon = 1e-5): Tensor {
  return applyAll(layerNormOperator, [x, gain, bias], { axis: -1, epsilon: { float: epsilon } })[0] as Tensor
}

/** Layer normalisation over the last axis with gain 1 and bias 0. */
export function normalize(x: Tensor, epsilon = 1e-5): Tensor {
  const width = x.dim(-1)
  return layerNorm(x, ones(width), zeros([width]), epsilon)
}

const ones = (width: number) => constant(`ones:${width}`, [width], () => new Float32Array(width).fill(1))
const isOnes = ({ origin }: Tensor) => origin.kind === 'constant' && origin.name.startsWith('ones:')

const softmaxOperator: Operator = {
  name: 'Softmax',
  infer: ([x]) => [x!.shape],
  gradient: ({ outputs: [y], attributes }, [dy]) => [
    mul(y!, sub(dy!, sum(mul(dy!, y!), [attributes.axis as number], true))),
  ],
}

/** Softmax along an axis. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return apply(softmaxOperator, [x], { axis: normalizeAxis(axis, x.rank) })
}

/** Logarithm of the softmax along an axis, stable for large values. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const shifted = sub(x, stopGradient(max(x, [axis], true)))
  return sub(shifted, log(sum(exp(shifted), [axis], true)))
}

/** x / ||x|| along an axis. */
export function l2Normalize(x: Tensor, axis = -1): Tensor {
  return div(x, sqrt(sum(mul(x, x), [axis], true)))
}

/** The sigmoid approximation of GELU that OpenAI's CLIP uses: x * sigmoid(1.702 x). */
export function quickGelu(x: Tensor): Tensor {
  const s = sigmoid(mul(x, 1.702))
  const y = mul(x, s)
  // d/dx = s + 1.702 y (1 - s)
  return customGradient(y, [x], (dy) => [mul(dy, add(s, mul(mul(y, 1.702), sub(1, s))))])
}

/** x * sigmoid(x) */
export function silu(x: Tensor): Tensor {
  const s = sigmoid(x)
  const y = mul(x, s)
  // d/dx = s + y (1 - s)
  return customGradient(y, [x], (dy) => [mul(dy, add(s, mul(y, sub(1, s))))])
}

/** The exact GELU: x * (1 + erf(x / sqrt 2)) / 2. */
export function gelu(x: Tensor): Tensor {
  return mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1))
}

/**
 * softmax(q k^T + mask) v over the last two axes; the caller scales q.
 *
 * @param q queries [..., m, d]
 * @param k keys [..., n, d]
 * @param v values [..., n, d]
 * @param mask added to the scores, broadcast to [..., m, n]
 * @returns [..., m, d]
 *
 * The gradient uses rowsum(dP * P) = rowsum(dO * O), which is d wide instead of n (FlashAttention, section 3.1).
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, mask?: Tensor): Tensor {
  const scores = matmul(q, swapLast(k))
  const weights = softmax(mask ? add(scores, mask) : scores)
  const output = matmul(weights, v)
  return customGradient(output, [q, k, v], (dy, [needQ, needK, needV]) => {
    const dScores = () => mul(weights, sub(matmul(dy, swapLast(v)), sum(mul(dy, output), [-1], true)))
    const ds = needQ || needK ? dScores() : undefined
    return [
      needQ ? matmul(ds!, k) : undefined,
      needK ? matmul(swapLast(ds!), q) : undefined,
      needV ? matmul(swapLast(weights), dy) : undefined,
    ]
  })
}
