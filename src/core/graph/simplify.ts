import { Alias } from './ops.js'
import { GraphError, type GraphNode, nodesInOrder, Tensor } from './tensor.js'

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
  const ids = new Map<object, number>()
  const idOf = (object: object): number => {
    const id = ids.get(object) ?? ids.size
    ids.set(object, id)
    return id
  }

  const current = (x: Tensor): Tensor => {
    const held = replacement.get(x)
    if (held) return held
    const { origin } = x
    if (origin.kind === 'node') return x
    const key = origin.kind === 'input' ? `input:${origin.name}` : `${idOf(origin.owner)}:${origin.key}`
    const first = known.get(key) ?? x
    if (first.shape.join() !== x.shape.join() || first.dtype !== x.dtype) {
      const [one, other] = [first, x].map(({ dtype, shape }) => `${dtype} [${shape}]`)
      throw new GraphError(`the ${origin.kind} ${origin.name} is ${one} in one place and ${other} in another`)
    }
    known.set(key, first)
    replacement.set(x, first)
    return first
  }

  for (const node of nodesInOrder(outputs)) {
    if (node.operator === Alias) {
      replacement.set(node.outputs[0]!, current(node.inputs[0]!))
      continue
    }
    const inputs = node.inputs.map(current)
    const key = `${idOf(node.operator)}(${inputs.map((x) => x.id)})${JSON.stringify(node.parameters)}`
    const rebuilt: Tensor[] = []
    const twin: GraphNode = { ...node, inputs, outputs: rebuilt }
    node.outputs.forEach((y, index) => {
      const origin = { kind: 'node', node: twin, index } as const
      const first = known.get(`${key}#${index}`) ?? new Tensor(y.shape, origin, y.dtype)
      known.set(`${key}#${index}`, first)
      rebuilt.push(first)
      replacement.set(y, first)
    })
  }
  return outputs.map(current)
}

/**
 * The graph of the given outputs with some nodes computed in another way.
 *
 * @param instead what stands for a node of these inputs, output by output and in the node's shapes; undefined keeps it
 * @returns the tensors that now stand for the outputs, in order
 */
export function rewrite(
  outputs: readonly Tensor[],
  instead: (node: GraphNode) => readonly Tensor[] | undefined,
): Tensor[] {
  const replacement = new Map<Tensor, Tensor>()
  const current = (x: Tensor) => replacement.get(x) ?? x
  const roots = simplify(outputs)
  for (const node of nodesInOrder(roots)) {
    const rebuilt: Tensor[] = []
    const twin: GraphNode = { ...node, inputs: node.inputs.map(current), outputs: rebuilt }
    for (const [index, y] of node.outputs.entries()) {
      rebuilt.push(new Tensor(y.shape, { kind: 'node', node: twin, index }, y.dtype))
    }
    const others = instead(twin) ?? rebuilt
    for (const [index, y] of node.outputs.entries()) if (others[index]) replacement.set(y, others[index])
  }
  return roots.map(current)
}
