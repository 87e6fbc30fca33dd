import { Reshape } from './layout.js'
import { simplify } from './simplify.js'
import { arrayOf, type GraphNode, nodesInOrder, type Tensor } from './tensor.js'

/** What a run of a graph takes, told from its shapes alone: nothing is loaded or computed. */
export interface GraphCost {
  /** Floating-point operations in matrix products and convolutions. */
  readonly flops: number
  /** Applications by operator, most frequent first. */
  readonly operators: Readonly<Record<string, number>>
  /** Bytes of the constants. */
  readonly weightBytes: number
  /**
   * Bytes of the values that are alive at once where these are most, inputs and constants apart: every value from the
   * operator that makes it to the last one that reads it, in the order in which the graph is written. An engine
   * that works in place needs a little less, one that reserves in blocks a little more.
   */
  readonly peakBytes: number
}

/** The cost of the graph of the given outputs, without what {@link simplify} leaves out. */
export function graphCost(outputs: Readonly<Record<string, Tensor>>): GraphCost {
  const roots = simplify(Object.values(outputs))
  const nodes = nodesInOrder(roots)
  const counts = new Map<string, number>()
  const constants = new Set<Tensor>()
  let flops = 0
  for (const node of nodes) {
    const { name } = node.operator
    counts.set(name, (counts.get(name) ?? 0) + 1)
    flops += flopsOf(node)
    for (const x of node.inputs) if (x.origin.kind === 'constant') constants.add(x)
  }
  return {
    flops,
    operators: Object.fromEntries([...counts].sort(([, a], [, b]) => b - a)),
    weightBytes: [...constants].reduce((sum, x) => sum + bytesOf(x), 0),
    peakBytes: peakBytes(nodes, roots),
  }
}

/** Floating-point operations of a node in matrix products and convolutions. */
export const flopsOf = (node: GraphNode): number => node.operator.flops?.(node) ?? 0

const bytesOf = ({ size, dtype }: Tensor): number => size * arrayOf[dtype].BYTES_PER_ELEMENT

/** See {@link GraphCost}: of nodes in the order in which they run. */
export function peakBytes(nodes: readonly GraphNode[], roots: readonly Tensor[]): number {
  // A reshape moves nothing: it is another name for the value it reshapes.
  const held = (x: Tensor): Tensor => {
    let value = x
    while (value.origin.kind === 'node' && value.origin.node.operator === Reshape) {
      value = value.origin.node.inputs[0]!
    }
    return value
  }
  const computed = (x: Tensor) => x.origin.kind === 'node'
  const lastUse = new Map<Tensor, number>()
  for (const [i, node] of nodes.entries()) {
    for (const y of node.outputs) if (node.operator !== Reshape) lastUse.set(y, i)
    for (const x of node.inputs.map(held).filter(computed)) lastUse.set(x, i)
  }
  for (const root of roots.map(held)) lastUse.set(root, nodes.length)
  const freed = nodes.map((): Tensor[] => [])
  for (const [x, i] of lastUse) freed[i]?.push(x)
  let live = 0
  let peak = 0
  for (const [i, { operator, outputs }] of nodes.entries()) {
    if (operator !== Reshape) for (const y of outputs) live += bytesOf(y)
    peak = Math.max(peak, live)
    for (const x of freed[i]!) live -= bytesOf(x)
  }
  return peak
}
