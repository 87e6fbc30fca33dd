import { apply, type DType, GraphError, normalizeAxis, type Operator, scalar, type Tensor } from './tensor.js'

// Operators are named as ONNX names them; the function that applies one has the same name in lower case. What their
// gradients are, the table in gradient.ts says.

export type One = readonly [Tensor]
export type Two = readonly [Tensor, Tensor]

// Element by element

/** The shape of two tensors broadcast against each other, by NumPy's rules. Throws GraphError when they do not fit. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const m = a[a.length - rank + i] ?? 1
    const n = b[b.length - rank + i] ?? 1
    if (m !== n && m !== 1 && n !== 1) throw new GraphError(`shapes [${a}] and [${b}] do not broadcast`)
    return m === 1 ? n : m
  })
}

const binary = (name: string): Operator<Two, void> => ({
  name,
  infer: ([a, b]) => [broadcastShapes(a.shape, b.shape)],
})
const unary = (name: string): Operator<One, void> => ({ name, infer: ([x]) => [x.shape] })

export const Add = binary('Add')
export const Sub = binary('Sub')
export const Mul = binary('Mul')
export const Div = binary('Div')
export const Neg = unary('Neg')
export const Exp = unary('Exp')
export const Log = unary('Log')
export const Sqrt = unary('Sqrt')
export const Sigmoid = unary('Sigmoid')
export const Erf = unary('Erf')
export const Relu = unary('Relu')
export const Abs = unary('Abs')
export const Clip: Operator<readonly [x: Tensor, low: Tensor, high: Tensor], void> = {
  name: 'Clip',
  infer: ([x]) => [x.shape],
}

/** A tensor, or a number standing for a constant scalar. */
export type Operand = Tensor | number

/** A number becomes a scalar of the element type of what it is combined with. */
const tensorOf = (value: Operand, beside: Operand): Tensor =>
  typeof value !== 'number'
    ? value
    : typeof beside === 'number'
      ? scalar(value)
      : cast(scalar(value), beside.dtype)

const applyBinary = (operator: Operator<Two, void>, a: Operand, b: Operand): Tensor =>
  apply(operator, [tensorOf(a, b), tensorOf(b, a)])

/** a + b, broadcasting. */
export const add = (a: Operand, b: Operand): Tensor => applyBinary(Add, a, b)
/** a - b, broadcasting. */
export const sub = (a: Operand, b: Operand): Tensor => applyBinary(Sub, a, b)
/** a * b element by element, broadcasting. */
export const mul = (a: Operand, b: Operand): Tensor => applyBinary(Mul, a, b)
/** a / b, broadcasting. */
export const div = (a: Operand, b: Operand): Tensor => applyBinary(Div, a, b)
/** -x */
export const neg = (x: Tensor): Tensor => apply(Neg, [x])
/** e^x */
export const exp = (x: Tensor): Tensor => apply(Exp, [x])
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => apply(Log, [x])
/** Square root. */
export const sqrt = (x: Tensor): Tensor => apply(Sqrt, [x])
/** 1 / (1 + e^-x) */
export const sigmoid = (x: Tensor): Tensor => apply(Sigmoid, [x])
/** The error function. */
export const erf = (x: Tensor): Tensor => apply(Erf, [x])
/** max(x, 0); its gradient at 0 is 0. */
export const relu = (x: Tensor): Tensor => apply(Relu, [x])
/** |x|; its gradient at 0 is 0. */
export const abs = (x: Tensor): Tensor => apply(Abs, [x])
/**
 * -1, 0 or 1; passes no gradient. ONNX Runtime has no Sign on WebGPU; this gives the same of every normal number, as the
 * factor lifts the smallest of them above 1.
 */
export const sign = (x: Tensor): Tensor =>
  stopGradient(apply(Clip, [mul(x, x.dtype === 'float16' ? 2 ** 15 : 2 ** 127), ...unitBounds(x.dtype)]))

const unitBounds = (dtype: DType) => [cast(scalar(-1), dtype), cast(scalar(1), dtype)] as const

export const Cast: Operator<One, { readonly to: DType }> = {
  name: 'Cast',
  infer: ([x]) => [x.shape],
  dtype: (_, { to }) => to,
  onnx: ({ parameters }) => ({ attributes: { to: { dtype: parameters.to } } }),
}

/** The values in another element type. Between floating-point types the gradient passes, cast back. */
export const cast = (x: Tensor, to: DType): Tensor => (x.dtype === to ? x : apply(Cast, [x], { to }))

// Gradients of one's own

/** Gradients of the inputs out of that of the value; `needed` says which will be read. */
export type CustomGradient = (dy: Tensor, needed: readonly boolean[]) => readonly (Tensor | undefined)[]

/** Stands for its first input; never written into a model. */
export const Alias: Operator<readonly [Tensor, ...Tensor[]], { readonly gradient: CustomGradient }> = {
  name: 'Alias',
  infer: ([value]) => [value.shape],
  dtype: ([value]) => value.dtype,
}

/**
 * The value `y` with a gradient of one's own with respect to `inputs`, where autodiff's would cost more
 * arithmetic than the formula on paper. The gradient that `y`'s own operators would give is not used.
 */
export function customGradient(y: Tensor, inputs: readonly Tensor[], gradient: CustomGradient): Tensor {
  return apply(Alias, [y, ...inputs], { gradient })
}

/** The same value, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return customGradient(x, [], () => [])
}

// Reductions

interface Reduction {
  readonly axes: readonly number[]
  readonly keepdims: boolean
}

/** The shape with the axes reduced to size 1, or removed. */
export function reducedShape({ shape }: Tensor, axes: readonly number[], keep: boolean): number[] {
  return shape.map((n, i) => (axes.includes(i) ? 1 : n)).filter((_, i) => keep || !axes.includes(i))
}

const reduction = (name: string): Operator<One, Reduction> => ({
  name,
  infer: ([x], { axes, keepdims }) => [reducedShape(x, axes, keepdims)],
  onnx: ({ parameters: { axes, keepdims } }) => ({ attributes: { axes, keepdims: Number(keepdims) } }),
})

export const ReduceMean = reduction('ReduceMean')
export const ReduceMax = reduction('ReduceMax')
export const ReduceSum: Operator<One, Reduction> = {
  ...reduction('ReduceSum'),
  onnx: ({ parameters: { axes, keepdims } }) => ({
    attributes: { keepdims: Number(keepdims) },
    integers: [axes],
  }),
}

const reduce =
  (operator: Operator<One, Reduction>) =>
  (x: Tensor, axes: readonly number[] | 'all' = 'all', keepdims = false): Tensor => {
    const list = axes === 'all' ? x.shape.map((_, i) => i) : axes.map((a) => normalizeAxis(a, x.rank))
    return list.length === 0 ? x : apply(operator, [x], { axes: list, keepdims })
  }

/** Sum over axes (default: all, giving shape []). */
export const sum = reduce(ReduceSum)
/** Mean over axes (default: all, giving shape []). */
export const mean = reduce(ReduceMean)
/** Maximum over axes; passes no gradient. */
export const max = reduce(ReduceMax)
