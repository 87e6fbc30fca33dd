import { type OnnxModel, writeOnnx } from './onnx-format.js'
import { nodesInOrder } from './order.js'
import { simplify } from './simplify.js'
import { GraphError, type GraphNode, type LoadValues, type Tensor } from './tensor.js'

/** Constants of at most this many elements are written into the model itself. */
const INLINE_LIMIT = 256

/** The file name under which the model refers to its large constants. */
export const WEIGHTS_LOCATION = 'weights.bin'

/** A large constant: where its float32 values lie in the weights file. */
export interface ExternalWeight {
  readonly name: string
  readonly offset: number
  readonly size: number
  readonly load: LoadValues
}

/** A compiled graph, ready for ONNX Runtime once its weights are loaded. */
export interface EncodedGraph {
  readonly onnx: Uint8Array
  readonly weights: readonly ExternalWeight[]
  /** Length of the weights file in bytes. */
  readonly weightBytes: number
  readonly inputs: Readonly<Record<string, readonly number[]>>
  readonly outputs: Readonly<Record<string, readonly number[]>>
  /** Floating-point operations of one run in matrix products and convolutions. */
  readonly flops: number
}

/** Compiles the computation of the named outputs into an ONNX model (opset 17). */
export async function encodeGraph(outputs: Readonly<Record<string, Tensor>>): Promise<EncodedGraph> {
  const names = Object.keys(outputs)
  const roots = simplify(names.map((name) => outputs[name]!))
  const nodes = nodesInOrder(roots)
  const model: OnnxModel = { nodes: [], inputs: [], outputs: [], inline: [], external: [] }
  const weights: ExternalWeight[] = []
  let weightBytes = 0

  const tensorNames = new Map<Tensor, string>()

  async function declare(x: Tensor): Promise<string> {
    const known = tensorNames.get(x)
    if (known !== undefined) return known
    const { origin } = x
    if (origin.kind === 'node') throw new GraphError('a node is used before it is written')
    const name = origin.kind === 'input' ? origin.name : `w:${origin.name}`
    tensorNames.set(x, name)
    if (origin.kind === 'input') {
      model.inputs.push({ name, shape: x.shape })
    } else if (x.size <= INLINE_LIMIT) {
      model.inline.push({ name, shape: x.shape, data: await checkedLoad(origin.load, x, name)() })
    } else {
      const length = x.size * 4
      model.external.push({ name, shape: x.shape, location: WEIGHTS_LOCATION, offset: weightBytes, length })
      weights.push({ name, offset: weightBytes, size: x.size, load: checkedLoad(origin.load, x, name) })
      weightBytes += Math.ceil(length / 64) * 64
    }
    return name
  }

  const integerNames = new Map<string, string>()
  function declareIntegers(list: readonly number[]): string {
    const key = list.join(',')
    const known = integerNames.get(key)
    if (known !== undefined) return known
    const name = `i:${key}`
    integerNames.set(key, name)
    model.inline.push({ name, shape: [list.length], data: BigInt64Array.from(list, BigInt) })
    return name
  }

  for (const [index, node] of nodes.entries()) {
    const inputs: string[] = []
    for (const x of node.inputs) inputs.push(await declare(x))
    const form = node.operator.onnx?.(node) ?? { type: node.operator.name, attributes: node.attributes }
    for (const list of form.integers ?? []) inputs.push(declareIntegers(list))
    const used = node.outputs.map((y, i) => {
      const name = `${node.operator.name}_${index}${i === 0 ? '' : `_${i}`}`
      tensorNames.set(y, name)
      return name
    })
    model.nodes.push({ type: form.type, inputs, outputs: used, attributes: form.attributes ?? {} })
  }

  const outputShapes: Record<string, readonly number[]> = {}
  for (const [i, name] of names.entries()) {
    const root = roots[i]!
    // An output needs a name of its own, also where two outputs or an input are the same tensor.
    model.nodes.push({ type: 'Identity', inputs: [await declare(root)], outputs: [name], attributes: {} })
    model.outputs.push({ name, shape: root.shape })
    outputShapes[name] = root.shape
  }
  const inputs = Object.fromEntries(model.inputs.map(({ name, shape }) => [name, shape]))
  const flops = nodes.reduce((total, node) => total + flopsOf(node), 0)
  return { onnx: writeOnnx(model), weights, weightBytes, inputs, outputs: outputShapes, flops }
}

const flopsOf = (node: GraphNode): number => node.operator.flops?.(node) ?? 0

function checkedLoad(load: LoadValues, x: Tensor, name: string) {
  return async () => {
    const data = await load()
    if (data.length !== x.size) throw new GraphError(`${name}: ${data.length} values for shape [${x.shape}]`)
    return data
  }
}
