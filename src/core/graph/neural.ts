import { swapLast } from './layout.js'
import {
  add,
  broadcastShapes,
  customGradient,
  div,
  erf,
  exp,
  log,
  max,
  mul,
  type One,
  sigmoid,
  sqrt,
  stopGradient,
  sub,
  sum,
  type Two,
} from './ops.js'
import { apply, GraphError, normalizeAxis, type Operator, ones, type Tensor, zeros } from './tensor.js'

// What networks are made of: products, convolutions, norms, activations, attention.

export const MatMul: Operator<Two, void> = {
  name: 'MatMul',
  infer([a, b]) {
    if (a.rank < 2 || b.rank < 2 || a.dim(-1) !== b.dim(-2)) {
      throw new GraphError(`matmul of [${a.shape}] and [${b.shape}]`)
    }
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2))
    return [[...batch, a.dim(-2), b.dim(-1)]]
  },
  flops: ({ inputs: [a], outputs: [y] }) => 2 * y!.size * a.dim(-1),
}

/** Matrix product over the last two axes, broadcasting the others: [..., m, k] x [..., k, n] -> [..., m, n]. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return apply(MatMul, [a, b])
}

export const Gemm: Operator<
  readonly [a: Tensor, b: Tensor, ...bias: Tensor[]],
  { readonly transA: boolean; readonly transB: boolean }
> = {
  name: 'Gemm',
  infer([a, b, bias], { transA, transB }) {
    const [m, k] = transA ? [a.dim(1), a.dim(0)] : [a.dim(0), a.dim(1)]
    const [k2, n] = transB ? [b.dim(1), b.dim(0)] : [b.dim(0), b.dim(1)]
    if (a.rank !== 2 || b.rank !== 2 || k !== k2 || (bias && (bias.rank !== 1 || bias.dim(0) !== n))) {
      throw new GraphError(`gemm of [${a.shape}], [${b.shape}] and bias [${bias?.shape}]`)
    }
    return [[m, n]]
  },
  onnx: ({ parameters: { transA, transB } }) => ({
    attributes: { transA: Number(transA), transB: Number(transB) },
  }),
  flops: ({ inputs: [a], outputs: [y], parameters }) => 2 * y!.size * a.dim(parameters.transA ? 0 : 1),
}

/** Options of a matrix product of rows. */
export interface GemmOptions {
  readonly transA?: boolean
  readonly transB?: boolean
  /** Added to every row: [n]. */
  readonly bias?: Tensor
}

/** op(a) op(b) + bias for matrices, where op transposes or not: [m, k] x [k, n] -> [m, n]. */
export function gemm(
  a: Tensor,
  b: Tensor,
  { transA = false, transB = false, bias }: GemmOptions = {},
): Tensor {
  return apply(Gemm, bias ? [a, b, bias] : [a, b], { transA, transB })
}

// Convolutions serve the frozen ResNet image tower alone, which no gradient ever crosses: forward only.

export const Conv: Operator<
  readonly [x: Tensor, weight: Tensor, bias: Tensor],
  { readonly stride: number; readonly padding: number }
> = {
  name: 'Conv',
  infer([x, w], { stride, padding }) {
    const [b, channels, height, width] = x.shape as [number, number, number, number]
    const [out, inner, kh, kw] = w.shape as [number, number, number, number]
    if (channels !== inner) throw new GraphError(`convolution of [${x.shape}] with [${w.shape}]`)
    const side = (n: number, k: number) => Math.floor((n + 2 * padding - k) / stride) + 1
    return [[b, out, side(height, kh), side(width, kw)]]
  },
  onnx: ({ inputs: [, w], parameters: { stride, padding } }) => ({
    attributes: {
      kernel_shape: [w.dim(2), w.dim(3)],
      strides: [stride, stride],
      pads: [padding, padding, padding, padding],
    },
  }),
  flops: ({ inputs: [, w], outputs: [y] }) => (2 * y!.size * w.size) / w.dim(0),
}

/**
 * 2-D convolution: x [B, C, H, W], weight [O, C, kh, kw], bias [O] -> [B, O, H', W'], zero padding on all sides.
 * Has no gradient.
 */
export function conv2d(x: Tensor, weight: Tensor, bias: Tensor, stride = 1, padding = 0): Tensor {
  return apply(Conv, [x, weight, bias], { stride, padding })
}

const AveragePool: Operator<One, { readonly side: number }> = {
  name: 'AveragePool',
  infer: ([x], { side }) => {
    const [b, c, h, w] = x.shape as [number, number, number, number]
    return [[b, c, Math.floor(h / side), Math.floor(w / side)]]
  },
  onnx: ({ parameters: { side } }) => ({ attributes: { kernel_shape: [side, side], strides: [side, side] } }),
}

/** Mean over non-overlapping squares of the given side: [B, C, H, W] -> [B, C, H/side, W/side]. Has no gradient. */
export function averagePool2d(x: Tensor, side: number): Tensor {
  return apply(AveragePool, [x], { side })
}

export const LayerNormalization: Operator<
  readonly [x: Tensor, gain: Tensor, bias: Tensor],
  { readonly epsilon: number }
> = {
  name: 'LayerNormalization',
  infer([x, gain, bias]) {
    const width = x.dim(-1)
    if (gain.shape.join() !== `${width}` || bias.shape.join() !== `${width}`) {
      throw new GraphError(`layer norm of [${x.shape}] with gain [${gain.shape}] and bias [${bias.shape}]`)
    }
    // Beside the result: mean and inverse standard deviation of every row, for the gradient.
    const rows = [...x.shape.slice(0, -1), 1]
    return [x.shape, rows, rows]
  },
  onnx: ({ parameters: { epsilon } }) => ({ attributes: { axis: -1, epsilon: { float: epsilon } } }),
}

/** Layer normalisation over the last axis (biased variance), then gain and bias of that width. */
export function layerNorm(x: Tensor, gain: Tensor, bias: Tensor, epsilon = 1e-5): Tensor {
  return apply(LayerNormalization, [x, gain, bias], { epsilon })
}

/** Layer normalisation over the last axis with gain 1 and bias 0. */
export function normalize(x: Tensor, epsilon = 1e-5): Tensor {
  const width = x.dim(-1)
  return layerNorm(x, ones([width]), zeros([width]), epsilon)
}

export const Softmax: Operator<One, { readonly axis: number }> = {
  name: 'Softmax',
  infer: ([x]) => [x.shape],
  onnx: ({ parameters: { axis } }) => ({ attributes: { axis } }),
}

/** Softmax along an axis. */
export function softmax(x: Tensor, axis = -1): Tensor {
  return apply(Softmax, [x], { axis: normalizeAxis(axis, x.rank) })
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
