import type { One, Two } from './ops.js'
import { apply, applyAll, GraphError, normalizeAxis, type Operator, type Tensor } from './tensor.js'

// Operators without a gradient, for models that only infer: they look values up, round them, or work on 8-bit integers.

export const Gather: Operator<Two, void> = {
  name: 'Gather',
  infer: ([table, indices]) => [[...indices.shape, ...table.shape.slice(1)]],
  dtype: ([table]) => table.dtype,
}

/** Rows of a table [rows, ...] by number: indices (int64) of any shape -> [...indices, ...]. */
export const gather = (table: Tensor, indices: Tensor): Tensor => apply(Gather, [table, indices])

const ArgMax: Operator<One, { readonly axis: number }> = {
  name: 'ArgMax',
  infer: ([x], { axis }) => [x.shape.filter((_, i) => i !== axis)],
  dtype: () => 'int64',
  onnx: ({ parameters: { axis } }) => ({ attributes: { axis, keepdims: 0 } }),
}

/** Where the largest value along an axis stands, the first of equal ones; int64, without the axis. */
export const argMax = (x: Tensor, axis = -1): Tensor =>
  apply(ArgMax, [x], { axis: normalizeAxis(axis, x.rank) })

const rounding = (name: string): Operator<One, void> => ({ name, infer: ([x]) => [x.shape] })

const Floor = rounding('Floor')
const Round = rounding('Round')

/** The largest whole number that is not above x. */
export const floor = (x: Tensor): Tensor => apply(Floor, [x])
/** The nearest whole number, halves to even. */
export const round = (x: Tensor): Tensor => apply(Round, [x])

/** As Slice, of a size that is known only when the model runs. */
const Leading: Operator<One, { readonly axis: number; readonly size: number }> = {
  name: 'Slice',
  infer: ([x], { axis, size }) => [x.shape.map((n, i) => (i === axis ? size : n))],
  onnx: ({ parameters: { axis, size } }) => ({ integers: [[0], [size], [axis]] }),
}

/** The first `size` elements along an axis, where the size is open; that there are as many is the caller's to know. */
export const leading = (x: Tensor, axis: number, size: number): Tensor =>
  apply(Leading, [x], { axis: normalizeAxis(axis, x.rank), size })

const DynamicQuantizeLinear: Operator<One, void> = {
  name: 'DynamicQuantizeLinear',
  infer: ([x]) => [x.shape, [], []],
  dtype: () => ['uint8', 'float32', 'uint8'],
}

const MatMulInteger: Operator<readonly [a: Tensor, b: Tensor, aZero: Tensor, bZero: Tensor], void> = {
  name: 'MatMulInteger',
  infer([a, b]) {
    if (b.rank !== 2 || a.dim(-1) !== b.dim(0)) {
      throw new GraphError(`integer product of [${a.shape}] and [${b.shape}]`)
    }
    return [[...a.shape.slice(0, -1), b.dim(1)]]
  },
  dtype: () => 'int32',
}

/** x as 8-bit integers of a scale that its own range sets: x = scale (quantized - zero). */
export function dynamicQuantize(x: Tensor): { quantized: Tensor; scale: Tensor; zero: Tensor } {
  const [quantized, scale, zero] = applyAll(DynamicQuantizeLinear, [x], undefined) as [Tensor, Tensor, Tensor]
  return { quantized, scale, zero }
}

/** (a - aZero) (b - bZero) in 32-bit integers: [..., k] x [k, n] -> [..., n]. */
export const matmulInteger = (a: Tensor, b: Tensor, aZero: Tensor, bZero: Tensor): Tensor =>
  apply(MatMulInteger, [a, b, aZero, bZero])
