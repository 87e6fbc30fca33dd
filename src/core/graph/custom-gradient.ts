import { apply, type Operator } from './operator.js'
import type { Tensor } from './tensor.js'

type Gradient = (dy: Tensor, needed: readonly boolean[]) => readonly (Tensor | undefined)[]

/**
 * The value `y` with a gradient of one's own with respect to `inputs`, where autodiff's would cost more
 * arithmetic than the formula on paper. The gradient that `y`'s own operators would give is not used.
 */
export function customGradient(y: Tensor, inputs: readonly Tensor[], gradient: Gradient): Tensor {
  const operator: Operator = {
    name: ALIAS,
    infer: ([value]) => [value!.shape],
    gradient: (_node, [dy], needed) => [undefined, ...gradient(dy!, needed.slice(1))],
  }
  return apply(operator, [y, ...inputs])
}

/** Operator name of nodes that stand for their first input once gradients have been taken. */
export const ALIAS = 'Alias'

/** The same value, through which no gradient flows. */
export function stopGradient(x: Tensor): Tensor {
  return customGradient(x, [], () => [])
}
