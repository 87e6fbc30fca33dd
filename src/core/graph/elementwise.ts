import { apply, type Operator } from './operator.js'
import { sumTo } from './reduce.js'
import { GraphError, scalar, type Tensor } from './tensor.js'

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

type BinaryGradient = (dy: Tensor, a: Tensor, b: Tensor, y: Tensor) => Tensor

function binary(name: string, gradientA: BinaryGradient, gradientB: BinaryGradient): Operator {
  return {
    name,
    infer: ([a, b]) => [broadcastShapes(a!.shape, b!.shape)],
    gradient({ inputs: [a, b], outputs: [y] }, [dy], [needA, needB]) {
      return [
        needA ? sumTo(gradientA(dy!, a!, b!, y!), a!.shape) : undefined,
        needB ? sumTo(gradientB(dy!, a!, b!, y!), b!.shape) : undefined,
      ]
    },
  }
}

type UnaryGradient = (dy: Tensor, x: Tensor, y: Tensor) => Tensor

function unary(name: string, gradient?: UnaryGradient): Operator {
  const operator: Operator = { name, infer: ([x]) => [x!.shape] }
  if (!gradient) return operator
  return { ...operator, gradient: ({ inputs: [x], outputs: [y] }, [dy]) => [gradient(dy!, x!, y!)] }
}

/** A tensor, or a number standing for a constant scalar. */
export type Operand = Tensor | number

const tensorOf = (value: Operand): Tensor => (typeof value === 'number' ? scalar(value) : value)

const addOperator = binary(
  'Add',
  (dy) => dy,
  (dy) => dy,
)
const subOperator = binary(
  'Sub',
  (dy) => dy,
  (dy) => neg(dy),
)
const mulOperator = binary(
  'Mul',
  (dy, _a, b) => mul(dy, b),
  (dy, a) => mul(dy, a),
)
const divOperator = binary(
  'Div',
  (dy, _a, b) => div(dy, b),
  (dy, _a, b, y) => neg(div(mul(dy, y), b)),
)
const negOperator = unary('Neg', (dy) => neg(dy))
const expOperator = unary('Exp', (dy, _x, y) => mul(dy, y))
const logOperator = unary('Log', (dy, x) => div(dy, x))
const sqrtOperator = unary('Sqrt', (dy, _x, y) => div(dy, mul(y, 2)))
const sigmoidOperator = unary('Sigmoid', (dy, _x, y) => mul(dy, mul(y, sub(1, y))))
const erfOperator = unary('Erf', (dy, x) => mul(dy, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI))))
const reluOperator = unary('Relu', (dy, _x, y) => mul(dy, sign(y)))
const absOperator = unary('Abs', (dy, x) => mul(dy, sign(x)))
const signOperator = unary('Sign')

/** a + b, broadcasting. */
export const add = (a: Operand, b: Operand): Tensor => apply(addOperator, [tensorOf(a), tensorOf(b)])
/** a - b, broadcasting. */
export const sub = (a: Operand, b: Operand): Tensor => apply(subOperator, [tensorOf(a), tensorOf(b)])
/** a * b element by element, broadcasting. */
export const mul = (a: Operand, b: Operand): Tensor => apply(mulOperator, [tensorOf(a), tensorOf(b)])
/** a / b, broadcasting. */
export const div = (a: Operand, b: Operand): Tensor => apply(divOperator, [tensorOf(a), tensorOf(b)])
/** -x */
export const neg = (x: Tensor): Tensor => apply(negOperator, [x])
/** e^x */
export const exp = (x: Tensor): Tensor => apply(expOperator, [x])
/** Natural logarithm. */
export const log = (x: Tensor): Tensor => apply(logOperator, [x])
/** Square root. */
export const sqrt = (x: Tensor): Tensor => apply(sqrtOperator, [x])
/** 1 / (1 + e^-x) */
export const sigmoid = (x: Tensor): Tensor => apply(sigmoidOperator, [x])
/** The error function. */
export const erf = (x: Tensor): Tensor => apply(erfOperator, [x])
/** max(x, 0); its gradient at 0 is 0. */
export const relu = (x: Tensor): Tensor => apply(reluOperator, [x])
/** |x|; its gradient at 0 is 0. */
export const abs = (x: Tensor): Tensor => apply(absOperator, [x])
/** -1, 0 or 1; passes no gradient. */
export const sign = (x: Tensor): Tensor => apply(signOperator, [x])
