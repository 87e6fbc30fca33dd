import * as layout from './layout.js'
import { concat, expand, pad, reshape, slice, split, swapLast, transpose } from './layout.js'
import * as neural from './neural.js'
import { gemm, matmul } from './neural.js'
import * as ops from './ops.js'
import {
  add,
  cast,
  customGradient,
  div,
  exp,
  mean,
  mul,
  neg,
  reducedShape,
  sign,
  sub,
  sum,
  type Two,
} from './ops.js'
import {
  GraphError,
  type GraphNode,
  nodesInOrder,
  type Operator,
  scalar,
  sizeOf,
  type Tensor,
  zeros,
} from './tensor.js'

/** What a rule may look at beside the gradient of the (first) output and the inputs. */
interface Application<P> {
  readonly parameters: P
  /** The (first) output. */
  readonly y: Tensor
  readonly outputs: readonly Tensor[]
  /** Gradients of all outputs; undefined: zero. */
  readonly dys: readonly (Tensor | undefined)[]
  /** False where an input's gradient will be thrown away. What is built for it in vain is never computed. */
  readonly needed: readonly boolean[]
}

/** Gradients of the inputs; undefined: none passes. */
type Rule<I extends readonly Tensor[], P> = (
  dy: Tensor,
  inputs: I,
  application: Application<P>,
) => readonly (Tensor | undefined)[]

type AnyRule = Rule<readonly Tensor[], unknown>

const rule = <I extends readonly Tensor[], P>(operator: Operator<I, P>, gradients: Rule<I, P>) =>
  [operator as Operator, gradients as unknown as AnyRule] as const

/** The rule of an operator whose inputs broadcast: what was repeated is summed up again. */
const broadcasting = (operator: Operator<Two, void>, gradients: Rule<Two, void>) =>
  rule(operator, (dy, inputs, application) =>
    gradients(dy, inputs, application).map((g, i) => g && sumTo(g, inputs[i]!.shape)),
  )

const none = () => []

/** The gradient of every operator. One that is missing here cannot be differentiated. */
const rules: ReadonlyMap<Operator, AnyRule> = new Map([
  broadcasting(ops.Add, (dy) => [dy, dy]),
  broadcasting(ops.Sub, (dy) => [dy, neg(dy)]),
  broadcasting(ops.Mul, (dy, [a, b]) => [mul(dy, b), mul(dy, a)]),
  broadcasting(ops.Div, (dy, [, b], { y }) => [div(dy, b), neg(div(mul(dy, y), b))]),
  rule(ops.Neg, (dy) => [neg(dy)]),
  rule(ops.Exp, (dy, _, { y }) => [mul(dy, y)]),
  rule(ops.Log, (dy, [x]) => [div(dy, x)]),
  rule(ops.Sqrt, (dy, _, { y }) => [div(dy, mul(y, 2))]),
  rule(ops.Sigmoid, (dy, _, { y }) => [mul(dy, mul(y, sub(1, y)))]),
  rule(ops.Erf, (dy, [x]) => [mul(dy, mul(exp(neg(mul(x, x))), 2 / Math.sqrt(Math.PI)))]),
  rule(ops.Relu, (dy, _, { y }) => [mul(dy, sign(y))]),
  rule(ops.Abs, (dy, [x]) => [mul(dy, sign(x))]),
  rule(ops.Cast, (dy, [x]) => [x.dtype.startsWith('float') ? cast(dy, x.dtype) : undefined]),
  rule(ops.Alias, (dy, _, { parameters, needed }) => [
    undefined,
    ...parameters.gradient(dy, needed.slice(1)),
  ]),

  rule(ops.ReduceSum, (dy, [x], { parameters: { axes } }) => [
    expand(reshape(dy, reducedShape(x, axes, true)), x.shape),
  ]),
  rule(ops.ReduceMean, (dy, [x], { parameters: { axes } }) => {
    const kept = reducedShape(x, axes, true)
    return [expand(reshape(div(dy, x.size / sizeOf(kept)), kept), x.shape)]
  }),
  rule(ops.ReduceMax, none),

  rule(layout.Reshape, (dy, [x]) => [reshape(dy, x.shape)]),
  rule(layout.Transpose, (dy, _, { parameters: { perm } }) => [transpose(dy, inverse(perm))]),
  rule(layout.Expand, (dy, [x]) => [sumTo(dy, x.shape)]),
  rule(layout.Concat, (dy, inputs, { parameters: { axis }, needed }) => {
    const sizes = inputs.map((x) => x.dim(axis))
    if (needed.filter(Boolean).length > 1) return split(dy, axis, sizes)
    const start = sizes.slice(0, needed.indexOf(true)).reduce((a, b) => a + b, 0)
    return inputs.map((x, i) => (needed[i] ? slice(dy, axis, start, start + x.dim(axis)) : undefined))
  }),
  rule(layout.Split, (_dy, _x, { outputs, dys, parameters: { axis } }) => {
    const parts = outputs.map((y, i) => dys[i] ?? zerosLike(y))
    return [concat(parts, axis)]
  }),
  rule(layout.Slice, (dy, [x], { parameters: { axis, start, end } }) => [
    pad(dy, axis, start, x.dim(axis) - end),
  ]),
  rule(layout.Pad, (dy, [x], { parameters: { axis, before } }) => [
    slice(dy, axis, before, before + x.dim(axis)),
  ]),

  broadcasting(neural.MatMul, (dy, [a, b]) => [matmul(dy, swapLast(b)), matmul(swapLast(a), dy)]),
  rule(neural.Gemm, (dy, [a, b], { parameters: { transA, transB } }) => [
    transA ? gemm(b, dy, { transA: transB, transB: true }) : gemm(dy, b, { transB: !transB }),
    transB ? gemm(dy, a, { transA: true, transB: transA }) : gemm(a, dy, { transA: !transA }),
    sum(dy, [0]),
  ]),
  rule(neural.Softmax, (dy, _, { y, parameters: { axis } }) => [
    mul(y, sub(dy, sum(mul(dy, y), [axis], true))),
  ]),
  rule(neural.LayerNormalization, (dy, [x, gain], { y, outputs: [, center, inverseStd] }) => {
    const plain = isOnes(gain)
    const normal = plain ? y : mul(sub(x, center!), inverseStd!)
    const g = plain ? dy : mul(dy, gain)
    const rows = x.shape.slice(0, -1).map((_, i) => i)
    return [
      mul(sub(sub(g, mean(g, [-1], true)), mul(normal, mean(mul(g, normal), [-1], true))), inverseStd!),
      sum(mul(dy, normal), rows),
      sum(dy, rows),
    ]
  }),
])

/** Sums a broadcast result back to the shape that was broadcast: the gradient of broadcasting. */
function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  const lead = x.rank - shape.length
  const axes = x.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []))
  return axes.length === 0 ? reshape(x, shape) : reshape(sum(x, axes, true), shape)
}

const inverse = (perm: readonly number[]) => perm.map((_, i) => perm.indexOf(i))

const isOnes = ({ origin }: Tensor) => origin.kind === 'constant' && origin.fill === 1

const zerosLike = ({ shape, dtype }: Tensor) => cast(zeros(shape), dtype)

/**
 * Reverse-mode gradients of a scalar with respect to any tensors.
 *
 * @param loss a tensor of one element
 * @param targets tensors to differentiate by
 * @returns one gradient a target, of the target's shape and element type (zeros where the loss does not depend on it)
 * @throws GraphError when the loss is no scalar, or depends on a target through an operator without a gradient
 */
export function gradients(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  if (loss.size !== 1)
    throw new GraphError(`gradient of a tensor of shape [${loss.shape}]: a scalar is needed`)
  return pullback(loss, cast(reshape(scalar(1), loss.shape), loss.dtype), targets)
}

/** The gradients of targets, given that of a tensor `y` that is computed from them. */
function pullback(y: Tensor, dy: Tensor, targets: readonly Tensor[]): Tensor[] {
  const nodes = nodesInOrder([y])
  const depends = new Set<Tensor>(targets)
  for (const node of nodes) {
    if (node.inputs.some((x) => depends.has(x))) for (const z of node.outputs) depends.add(z)
  }

  const accumulated = new Map<Tensor, Tensor>([[y, dy]])
  for (const node of nodes.reverse()) {
    const dys = node.outputs.map((z) => accumulated.get(z))
    const needed = node.inputs.map((x) => depends.has(x))
    if (!needed.includes(true) || dys.every((dz) => dz === undefined)) continue
    for (const [i, g] of inputGradients(node, dys, needed).entries()) {
      const x = node.inputs[i]!
      if (!g || !needed[i]) continue
      if (g.shape.join() !== x.shape.join() || g.dtype !== x.dtype) {
        throw new GraphError(
          `${node.operator.name}: gradient ${g.dtype} [${g.shape}] of an input ${x.dtype} [${x.shape}]`,
        )
      }
      const sofar = accumulated.get(x)
      accumulated.set(x, sofar ? add(sofar, g) : g)
    }
  }
  return targets.map((target) => accumulated.get(target) ?? zerosLike(target))
}

/**
 * Tensors computed part by part and joined along an axis, such that of no part more than its result is held until the
 * gradient is computed: there each part is computed a second time, one after the other ("Training Deep Nets with Sublinear
 * Memory Cost", Chen et al., 2016). Values are the same as without; gradients are summed part by part.
 *
 * A second computation of the same would be taken for the first. It therefore reads its inputs with a zero added that is
 * known only once the part before it is done.
 *
 * @param inputs what gradients pass to
 * @param parts each computes one part from the inputs
 */
export function recomputed(
  inputs: readonly Tensor[],
  parts: readonly ((inputs: readonly Tensor[]) => Tensor)[],
  axis: number,
): Tensor {
  const values = parts.map((part) => part(inputs))
  return customGradient(concat(values, axis), inputs, (dy, needed) => {
    const sums: (Tensor | undefined)[] = inputs.map(() => undefined)
    const dys = split(
      dy,
      axis,
      values.map((y) => y.dim(axis)),
    )
    let late = zeroBehind([dy])
    for (const [p, part] of parts.entries()) {
      const again = inputs.map((x) => add(x, late))
      const targets = again.filter((_, i) => needed[i])
      const found = pullback(part(again), dys[p]!, targets)
      late = zeroBehind(found)
      for (const [i, x] of again.entries()) {
        if (!needed[i]) continue
        const g = found[targets.indexOf(x)]!
        sums[i] = sums[i] ? add(sums[i], g) : g
      }
    }
    return sums
  })
}

/** A scalar zero that cannot be computed before these tensors are. */
function zeroBehind(tensors: readonly Tensor[]): Tensor {
  const firsts = tensors.map((x) => reshape(slice(reshape(x, [x.size]), 0, 0, 1), []))
  return mul(
    firsts.reduce((sum, first) => add(sum, first)),
    0,
  )
}

function inputGradients(
  { operator, inputs, parameters, outputs }: GraphNode,
  dys: readonly (Tensor | undefined)[],
  needed: readonly boolean[],
): readonly (Tensor | undefined)[] {
  const gradient = rules.get(operator)
  if (!gradient) throw new GraphError(`${operator.name} has no gradient; give it one with customGradient`)
  return gradient(dys[0]!, inputs, { parameters, y: outputs[0]!, outputs, dys, needed })
}
