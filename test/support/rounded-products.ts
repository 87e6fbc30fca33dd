import { apply, encodeGraph, mul, sub, type Tensor } from '../../src/core/graph/index.js'
import { rewrite } from '../../src/core/graph/simplify.js'
import { multipliesWeight } from '../../src/core/runtime/half-products.js'
import type { Runtime } from '../../src/core/runtime/session.js'

/** The nearest number of float16's eleven digits (Veltkamp's splitting); float16's range is not looked at. */
function elevenDigits(x: Tensor): Tensor {
  const large = mul(x, 2 ** 13 + 1)
  return sub(large, sub(large, x))
}

/**
 * A runtime in the place of a device with half precision: it rounds what such a device rounds. (With half precision as it is, ONNX
 * Runtime for processors computes in float32 and leaves some of the rounding out.)
 */
export const roundedProducts = (runtime: Runtime): Runtime => ({
  precision: 'fp16',
  async compile(graph) {
    const names = Object.keys(graph.computed!)
    const roots = rewrite(Object.values(graph.computed!), (node) =>
      multipliesWeight(node)
        ? [elevenDigits(apply(node.operator, node.inputs.map(elevenDigits), node.parameters))]
        : undefined,
    )
    return runtime.compile(await encodeGraph(Object.fromEntries(names.map((name, i) => [name, roots[i]!]))))
  },
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
})
