import { broadcastShapes } from './elementwise.js'
import { swapLast } from './layout.js'
import { apply, type Operator } from './operator.js'
import { sum, sumTo } from './reduce.js'
import { GraphError, type Tensor } from './tensor.js'

const matmulOperator: Operator = {
  name: 'MatMul',
  infer([a, b]) {
    if (a!.rank < 2 || b!.rank < 2 || a!.dim(-1) !== b!.dim(-2)) {
      throw new GraphError(`matmul of [${a!.shape}] and [${b!.shape}]`)
    }
    const batch = broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2))
    return [[...batch, a!.dim(-2), b!.dim(-1)]]
  },
  gradient({ inputs: [a, b] }, [dy], [needA, needB]) {
    return [
      needA ? sumTo(matmul(dy!, swapLast(b!)), a!.shape) : undefined,
      needB ? sumTo(matmul(swapLast(a!), dy!), b!.shape) : undefined,
    ]
  },
  flops: ({ inputs: [a], outputs: [y] }) => 2 * y!.size * a!.dim(-1),
}

/** Matrix product over the last two axes, broadcasting the others: [..., m, k] x [..., k, n] -> [..., m, n]. */
export function matmul(a: Tensor, b: Tensor): Tensor {
  return apply(matmulOperator, [a, b])
}

const gemmOperator: Operator = {
  name: 'Gemm',
  infer([a, b, bias], { transA, transB }) {
    const [m, k] = transA ? [a!.dim(1), a!.dim(0)] : [a!.dim(0), a!.dim(1)]
    const [k2, n] = transB ? [b!.dim(1), b!.dim(0)] : [b!.dim(0), b!.dim(1)]
    if (a!.rank !== 2 || b!.rank !== 2 || k !== k2 || (bias && (bias.rank !== 1 || bias.dim(0) !== n))) {
      throw new GraphError(`gemm of [${a!.shape}], [${b!.shape}] and bias [${bias?.shape}]`)
    }
    return [[m, n]]
  },
  gradient({ inputs: [a, b, bias], attributes }, [dy], [needA, needB, needBias]) {
    const transA = attributes.transA === 1
    const transB = attributes.transB === 1
    const da = () =>
      transA ? gemm(b!, dy!, { transA: transB, transB: true }) : gemm(dy!, b!, { transB: !transB })
    const db = () =>
      transB ? gemm(dy!, a!, { transA: true, transB: transA }) : gemm(a!, dy!, { transA: !transA })
    return [needA ? da() : undefined, needB ? db() : undefined, bias && needBias ? sum(dy!, [0]) : undefined]
  },
  flops: ({ inputs: [a], outputs: [y], attributes }) => 2 * y!.size * a!.dim(attributes.transA ? 0 : 1),
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
  const attributes = { transA: transA ? 1 : 0, transB: transB ? 1 : 0 }
  return apply(gemmOperator, bias ? [a, b, bias] : [a, b], attributes)
}
