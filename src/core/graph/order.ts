import type { GraphNode, Tensor } from './tensor.js'

/** All nodes that the tensors are computed from, inputs before users. */
export function nodesInOrder(roots: readonly Tensor[]): GraphNode[] {
  const seen = new Set<GraphNode>()
  const order: GraphNode[] = []
  // An explicit stack, since the depth of a backward graph would overflow the call stack.
  const stack: { node: GraphNode; inputsDone: boolean }[] = []
  const visit = ({ origin }: Tensor) => {
    if (origin.kind === 'node' && !seen.has(origin.node)) stack.push({ node: origin.node, inputsDone: false })
  }
  for (const root of roots) {
    visit(root)
    while (stack.length > 0) {
      const { node, inputsDone } = stack.pop()!
      if (inputsDone) {
        order.push(node)
      } else if (!seen.has(node)) {
        seen.add(node)
        stack.push({ node, inputsDone: true })
        for (const x of node.inputs) visit(x)
      }
    }
  }
  return order
}
