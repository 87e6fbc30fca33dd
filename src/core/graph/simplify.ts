import { ALIAS } from './custom-gradient.js'
import type { Operator } from './operator.js'
import { nodesInOrder } from './order.js'
import { GraphError, type GraphNode, Tensor } from './tensor.js'

/**
 * The graph of the given outputs without what is not needed: aliases are bypassed, nodes that nothing reads
 * are gone, and equal computations are done once. Two towers that share weights and inputs (the frozen and the
 * prompted image tower) thereby share their first operations without having to know of each other.
 *
 * @returns the tensors that now stand for the outputs, in order
 */
export function simplify(outputs: readonly Tensor[]): Tensor[] {
  const replacement = new Map<Tensor, Tensor>()
  const known = new Map<string, Tensor>()
  const operatorIds = new Map<Operator, number>()

  const current = (x: Tensor): Tensor => {
    const held = replacement.get(x)
    if (held) return held
    const { origin } = x
    if (origin.kind === 'node') return x
    const key = `${origin.kind}:${origin.name}`
    const first = known.get(key) ?? x
    if (first.shape.join() !== x.shape.join()) {
      throw new GraphError(`two ${origin.kind}s named ${origin.name}: [${first.shape}] and [${x.shape}]`)
    }
    known.set(key, first)
    replacement.set(x, first)
    return first
  }

  for (const node of nodesInOrder(outputs)) {
    if (node.operator.name === ALIAS) {
      replacement.set(node.outputs[0]!, current(node.inputs[0]!))
      continue
    }
    const inputs = node.inputs.map(current)
    const operatorId = operatorIds.get(node.operator) ?? operatorIds.size
    operatorIds.set(node.operator, operatorId)
    const key = `${operatorId}(${inputs.map((x) => x.id)})${JSON.stringify(node.attributes)}`
    const rebuilt: Tensor[] = []
    const twin: GraphNode = { ...node, inputs, outputs: rebuilt }
    node.outputs.forEach((y, index) => {
      const first = known.get(`${key}#${index}`) ?? new Tensor(y.shape, { kind: 'node', node: twin, index })
      known.set(`${key}#${index}`, first)
      rebuilt.push(first)
      replacement.set(y, first)
    })
  }
  return outputs.map(current)
}
