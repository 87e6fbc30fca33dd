import { broadcastShapes, type One } from './ops.js'
import { apply, applyAll, GraphError, normalizeAxis, type Operator, sizeOf, type Tensor } from './tensor.js'

// Operators that move values and compute nothing; named as those in ops.ts.

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((n, i) => n === b[i])

export const Reshape: Operator<One, { readonly shape: readonly number[] }> = {
  name: 'Reshape',
  infer: ([x], { shape }) => {
    if (sizeOf(shape) !== x.size) throw new GraphError(`reshape [${x.shape}] to [${shape}]`)
    return [shape]
  },
  onnx: ({ parameters: { shape } }) => ({ integers: [shape] }),
}

/** The same values in another shape. One size may be -1: what is left. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  const known = sizeOf(shape.filter((n) => n !== -1))
  const full = shape.map((n) => (n === -1 ? x.size / known : n))
  if (sameShape(x.shape, full)) return x
  const { origin } = x
  // A reshape of a reshape is one reshape.
  const from = origin.kind === 'node' && origin.node.operator === Reshape ? origin.node.inputs[0]! : x
  return sameShape(from.shape, full) ? from : apply(Reshape, [from], { shape: full })
}

export const Transpose: Operator<One, { readonly perm: readonly number[] }> = {
  name: 'Transpose',
  infer: ([x], { perm }) => [perm.map((axis) => x.dim(axis))],
  onnx: ({ parameters: { perm } }) => ({ attributes: { perm } }),
}

/** Permutes the axes. */
export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  return perm.every((axis, i) => axis === i) ? x : apply(Transpose, [x], { perm })
}

/** Swaps the last two axes. */
export function swapLast(x: Tensor): Tensor {
  const axes = x.shape.map((_, i) => i)
  return transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2])
}

export const Expand: Operator<One, { readonly shape: readonly number[] }> = {
  name: 'Expand',
  infer: (_, { shape }) => [shape],
  onnx: ({ parameters: { shape } }) => ({ integers: [shape] }),
}

/** Repeats along axes of size 1 (or new leading ones) to the given shape. */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x
  if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
    throw new GraphError(`[${x.shape}] does not expand to [${shape}]`)
  }
  return apply(Expand, [x], { shape })
}

export const Concat: Operator<readonly [Tensor, ...Tensor[]], { readonly axis: number }> = {
  name: 'Concat',
  infer(inputs, { axis }) {
    const first = inputs[0].shape
    for (const { shape } of inputs) {
      if (shape.length !== first.length || shape.some((n, i) => i !== axis && n !== first[i])) {
        throw new GraphError(`concat of [${first}] and [${shape}] along axis ${axis}`)
      }
    }
    const total = inputs.reduce((n, x) => n + x.dim(axis), 0)
    return [first.map((n, i) => (i === axis ? total : n))]
  },
  onnx: ({ parameters: { axis } }) => ({ attributes: { axis } }),
}

/** Joins tensors along an axis. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const [first, ...others] = tensors.filter((x) => x.dim(axis) > 0)
  if (!first) throw new GraphError(`concat of nothing along axis ${axis}`)
  if (others.length === 0) return first
  return apply(Concat, [first, ...others], { axis: normalizeAxis(axis, first.rank) })
}

export const Split: Operator<One, { readonly axis: number; readonly sizes: readonly number[] }> = {
  name: 'Split',
  infer([x], { axis, sizes }) {
    const total = sizes.reduce((a, b) => a + b, 0)
    if (total !== x.dim(axis)) throw new GraphError(`split [${x.shape}] into [${sizes}]`)
    return sizes.map((size) => x.shape.map((n, i) => (i === axis ? size : n)))
  },
  onnx: ({ parameters: { axis, sizes } }) => ({ attributes: { axis }, integers: [sizes] }),
}

/** Cuts a tensor into consecutive pieces along an axis. */
export function split(x: Tensor, axis: number, sizes: readonly number[]): readonly Tensor[] {
  if (sizes.length === 1) return [x]
  return applyAll(Split, [x], { axis: normalizeAxis(axis, x.rank), sizes })
}

interface Range {
  readonly axis: number
  readonly start: number
  readonly end: number
}

export const Slice: Operator<One, Range> = {
  name: 'Slice',
  infer([x], { axis, start, end }) {
    if (start < 0 || end > x.dim(axis) || start >= end) {
      throw new GraphError(`slice ${start}..${end} of axis ${axis} of [${x.shape}]`)
    }
    return [x.shape.map((n, i) => (i === axis ? end - start : n))]
  },
  onnx: ({ parameters: { axis, start, end } }) => ({ integers: [[start], [end], [axis]] }),
}

/** Elements start..end (end excluded) along an axis. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const at = normalizeAxis(axis, x.rank)
  return start === 0 && end === x.dim(at) ? x : apply(Slice, [x], { axis: at, start, end })
}

interface Padding {
  readonly axis: number
  readonly before: number
  readonly after: number
}

export const Pad: Operator<One, Padding> = {
  name: 'Pad',
  infer: ([x], { axis, before, after }) => [x.shape.map((n, i) => (i === axis ? n + before + after : n))],
  onnx({ inputs: [x], parameters: { axis, before, after } }) {
    const along = (size: number) => x.shape.map((_, i) => (i === axis ? size : 0))
    return { integers: [[...along(before), ...along(after)]] }
  },
}

/** Surrounds a tensor with zeros along an axis. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  if (before === 0 && after === 0) return x
  return apply(Pad, [x], { axis: normalizeAxis(axis, x.rank), before, after })
}
