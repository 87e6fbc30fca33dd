import { broadcastShapes } from './elementwise.js'
import { apply, applyAll, type Operator } from './operator.js'
import { sumTo } from './reduce.js'
import { GraphError, normalizeAxis, sizeOf, type Tensor, zeros } from './tensor.js'

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((n, i) => n === b[i])

const reshapeOperator: Operator = {
  name: 'Reshape',
  infer: ([x], { shape }) => {
    if (sizeOf(shape as number[]) !== x!.size) throw new GraphError(`reshape [${x!.shape}] to [${shape}]`)
    return [shape as number[]]
  },
  gradient: ({ inputs: [x] }, [dy]) => [reshape(dy!, x!.shape)],
  onnx: ({ attributes }) => ({ type: 'Reshape', integers: [attributes.shape as number[]] }),
}

/** The same values in another shape. One size may be -1: what is left. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  const known = sizeOf(shape.filter((n) => n !== -1))
  const full = shape.map((n) => (n === -1 ? x.size / known : n))
  if (sameShape(x.shape, full)) return x
  const { origin } = x
  // A reshape of a reshape is one reshape.
  const from = origin.kind === 'node' && origin.node.operator === reshapeOperator ? origin.node.inputs[0]! : x
  return sameShape(from.shape, full) ? from : apply(reshapeOperator, [from], { shape: full })
}

const transposeOperator: Operator = {
  name: 'Transpose',
  infer: ([x], { perm }) => [(perm as number[]).map((axis) => x!.shape[axis] as number)],
  gradient({ attributes }, [dy]) {
    const perm = attributes.perm as number[]
    const inverse = perm.map((_, i) => perm.indexOf(i))
    return [transpose(dy!, inverse)]
  },
}

/** Permutes the axes. */
export function transpose(x: Tensor, perm: readonly number[]): Tensor {
  return perm.every((axis, i) => axis === i) ? x : apply(transposeOperator, [x], { perm })
}

/** Swaps the last two axes. */
export function swapLast(x: Tensor): Tensor {
  const axes = x.shape.map((_, i) => i)
  return transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2])
}

const expandOperator: Operator = {
  name: 'Expand',
  infer: (_, { shape }) => [shape as number[]],
  gradient: ({ inputs: [x] }, [dy]) => [sumTo(dy!, x!.shape)],
  onnx: ({ attributes }) => ({ type: 'Expand', integers: [attributes.shape as number[]] }),
}

/** Repeats along axes of size 1 (or new leading ones) to the given shape. */
export function expand(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x
  if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
    throw new GraphError(`[${x.shape}] does not expand to [${shape}]`)
  }
  return apply(expandOperator, [x], { shape })
}

const concatOperator: Operator = {
  name: 'Concat',
  infer(inputs, { axis }) {
    const first = inputs[0]!.shape
    for (const { shape } of inputs) {
      if (shape.length !== first.length || shape.some((n, i) => i !== axis && n !== first[i])) {
        throw new GraphError(`concat of [${first}] and [${shape}] along axis ${axis}`)
      }
    }
    const total = inputs.reduce((n, { shape }) => n + (shape[axis as number] as number), 0)
    return [first.map((n, i) => (i === axis ? total : n))]
  },
  gradient({ inputs, attributes }, [dy], needed) {
    const axis = attributes.axis as number
    if (needed.filter(Boolean).length === 1) {
      const index = needed.indexOf(true)
      const start = inputs.slice(0, index).reduce((n, x) => n + x.dim(axis), 0)
      return inputs.map((x, i) => (i === index ? slice(dy!, axis, start, start + x.dim(axis)) : undefined))
    }
    const sizes = inputs.map((x) => x.dim(axis))
    return split(dy!, axis, sizes)
  },
}

/** Joins tensors along an axis. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const parts = tensors.filter((x) => x.dim(axis) > 0)
  if (parts.length === 1) return parts[0]!
  return apply(concatOperator, parts, { axis: normalizeAxis(axis, parts[0]!.rank) })
}

const splitOperator: Operator = {
  name: 'Split',
  infer([x], { axis, sizes }) {
    const total = (sizes as number[]).reduce((a, b) => a + b, 0)
    if (total !== x!.dim(axis as number)) throw new GraphError(`split [${x!.shape}] into [${sizes}]`)
    return (sizes as number[]).map((size) => x!.shape.map((n, i) => (i === axis ? size : n)))
  },
  gradient({ outputs, attributes }, gradients) {
    const parts = outputs.map((y, i) => gradients[i] ?? zeros(y.shape))
    return [concat(parts, attributes.axis as number)]
  },
  onnx: ({ attributes }) => ({
    type: 'Split',
    attributes: { axis: attributes.axis! },
    integers: [attributes.sizes as number[]],
  }),
}

/** Cuts a tensor into consecutive pieces along an axis. */
export function split(x: Tensor, axis: number, sizes: readonly number[]): readonly Tensor[] {
  if (sizes.length === 1) return [x]
  return applyAll(splitOperator, [x], { axis: normalizeAxis(axis, x.rank), sizes })
}

const sliceOperator: Operator = {
  name: 'Slice',
  infer([x], { axis, start, end }) {
    const size = x!.dim(axis as number)
    if ((start as number) < 0 || (end as number) > size || (start as number) >= (end as number)) {
      throw new GraphError(`slice ${start}..${end} of axis ${axis} of [${x!.shape}]`)
    }
    return [x!.shape.map((n, i) => (i === axis ? (end as number) - (start as number) : n))]
  },
  gradient({ inputs: [x], attributes }, [dy]) {
    const axis = attributes.axis as number
    const before = attributes.start as number
    return [pad(dy!, axis, before, x!.dim(axis) - (attributes.end as number))]
  },
  onnx: ({ attributes: { axis, start, end } }) => ({
    type: 'Slice',
    integers: [[start as number], [end as number], [axis as number]],
  }),
}

/** Elements start..end (end excluded) along an axis. */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const at = normalizeAxis(axis, x.rank)
  return start === 0 && end === x.dim(at) ? x : apply(sliceOperator, [x], { axis: at, start, end })
}

const padOperator: Operator = {
  name: 'Pad',
  infer: ([x], { axis, before, after }) => [
    x!.shape.map((n, i) => (i === axis ? n + (before as number) + (after as number) : n)),
  ],
  gradient({ inputs: [x], attributes }, [dy]) {
    const axis = attributes.axis as number
    const before = attributes.before as number
    return [slice(dy!, axis, before, before + x!.dim(axis))]
  },
  onnx({ inputs: [x], attributes: { axis, before, after } }) {
    const pads = [
      ...x!.shape.map((_, i) => (i === axis ? before : 0)),
      ...x!.shape.map((_, i) => (i === axis ? after : 0)),
    ]
    return { type: 'Pad', integers: [pads as number[]] }
  },
}

/** Surrounds a tensor with zeros along an axis. */
export function pad(x: Tensor, axis: number, before: number, after: number): Tensor {
  return before === 0 && after === 0
    ? x
    : apply(padOperator, [x], { axis: normalizeAxis(axis, x.rank), before, after })
}
