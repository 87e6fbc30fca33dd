import { div } from './elementwise.js'
import { expand, reshape } from './layout.js'
import { apply, type Operator } from './operator.js'
import { normalizeAxis, sizeOf, type Tensor } from './tensor.js'

function reducedShape(x: Tensor, axes: readonly number[], keep: boolean): number[] {
  return x.shape.map((n, i) => (axes.includes(i) ? 1 : n)).filter((_, i) => keep || !axes.includes(i))
}

const sumOperator: Operator = {
  name: 'ReduceSum',
  infer: ([x], { axes, keepdims }) => [reducedShape(x!, axes as number[], keepdims === 1)],
  gradient({ inputs: [x], attributes }, [dy]) {
    const kept = reducedShape(x!, attributes.axes as number[], true)
    return [expand(reshape(dy!, kept), x!.shape)]
  },
  onnx: ({ attributes }) => ({
    type: 'ReduceSum',
    attributes: { keepdims: attributes.keepdims! },
    integers: [attributes.axes as number[]],
  }),
}

const meanOperator: Operator = {
  name: 'ReduceMean',
  infer: sumOperator.infer,
  gradient({ inputs: [x], attributes }, [dy]) {
    const kept = reducedShape(x!, attributes.axes as number[], true)
    return [expand(reshape(div(dy!, x!.size / sizeOf(kept)), kept), x!.shape)]
  },
}

const maxOperator: Operator = { name: 'ReduceMax', infer: sumOperator.infer }

function reduction(operator: Operator) {
  return (x: Tensor, axes: readonly number[] | 'all' = 'all', keepdims = false): Tensor => {
    const list = axes === 'all' ? x.shape.map((_, i) => i) : axes.map((a) => normalizeAxis(a, x.rank))
    return list.length === 0 ? x : apply(operator, [x], { axes: list, keepdims: keepdims ? 1 : 0 })
  }
}

/** Sum over axes (default: all, giving shape []). */
export const sum = reduction(sumOperator)
/** Mean over axes (default: all, giving shape []). */
export const mean = reduction(meanOperator)
/** Maximum over axes; passes no gradient. */
export const max = reduction(maxOperator)

/** Sums a broadcast result back to the shape that was broadcast: the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  const lead = x.rank - shape.length
  const axes = x.shape.flatMap((n, i) => (i < lead || (shape[i - lead] === 1 && n !== 1) ? [i] : []))
  return axes.length === 0 ? reshape(x, shape) : reshape(sum(x, axes, true), shape)
}
