import { add } from './elementwise.js'
import { reshape } from './layout.js'
import { nodesInOrder } from './order.js'
import { GraphError, scalar, type Tensor, zeros } from './tensor.js'

/**
 * Reverse-mode gradients of a scalar with respect to any tensors.
 *
 * @param loss a tensor of one element
 * @param targets tensors to differentiate by
 * @returns one gradient a target, of the target's shape (zeros where the loss does not depend on it)
 */
export function gradients(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  if (loss.size !== 1)
    throw new GraphError(`gradient of a tensor of shape [${loss.shape}]: a scalar is needed`)
  const nodes = nodesInOrder([loss])
  const depends = new Set<Tensor>(targets)
  for (const node of nodes) {
    if (node.inputs.some((x) => depends.has(x))) for (const y of node.outputs) depends.add(y)
  }

  const accumulated = new Map<Tensor, Tensor>([[loss, reshape(scalar(1), loss.shape)]])
  for (const node of nodes.reverse()) {
    const outputGradients = node.outputs.map((y) => accumulated.get(y))
    const needed = node.inputs.map((x) => depends.has(x))
    if (!needed.includes(true) || outputGradients.every((g) => g === undefined)) continue
    const inputGradients = node.operator.gradient?.(node, outputGradients, needed)
    inputGradients?.forEach((g, i) => {
      const x = node.inputs[i]!
      if (!g || !needed[i]) return
      if (g.shape.join() !== x.shape.join()) {
        throw new GraphError(`${node.operator.name}: gradient [${g.shape}] of an input [${x.shape}]`)
      }
      const sofar = accumulated.get(x)
      accumulated.set(x, sofar ? add(sofar, g) : g)
    })
  }
  return targets.map((target) => accumulated.get(target) ?? zeros(target.shape))
}
