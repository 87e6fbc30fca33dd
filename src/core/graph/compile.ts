import { flopsOf, peakBytes } from './cost.js'
import { type OnnxModel, writeOnnx } from './onnx.js'
import { simplify } from './simplify.js'
import {
  type ArrayOf,
  arrayOf,
  type ConstantOrigin,
  type Domain,
  type DType,
  GraphError,
  type LoadValues,
  nodesInOrder,
  type Tensor,
} from './tensor.js'

/** Constants of at most this many elements are written into the model itself. */
const INLINE_LIMIT = 256

/** The file name under which the model refers to its large constants. */
export const WEIGHTS_LOCATION = 'weights.bin'

/** A large constant and where its values lie in the weights file. */
export interface ExternalWeight {
  /** Unique in the model: the constant's label, numbered where several have it. */
  readonly name: string
  /** In bytes. */
  readonly offset: number
  /** In elements. */
  readonly size: number
  readonly dtype: DType
  readonly load: LoadValues<DType>
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
  /** Operators that one run applies. */
  readonly applications: number
  /** Bytes of the values that are alive at once where these are most: see `GraphCost`. */
  readonly peakBytes: number
}

/**
 * Compiles the computation of the named outputs into an ONNX model (opset 17, and the domains its operators are from).
 *
 * @throws GraphError when an output is not float32
 */
export async function encodeGraph(outputs: Readonly<Record<string, Tensor>>): Promise<EncodedGraph> {
  const names = Object.keys(outputs)
  const roots = simplify(names.map((name) => outputs[name]!))
  const nodes = nodesInOrder(roots)
  const domains = new Map<string, number>()
  const model: OnnxModel = { domains, nodes: [], inputs: [], outputs: [], inline: [], external: [] }
  const weights: ExternalWeight[] = []
  let weightBytes = 0

  const tensorNames = new Map<Tensor, string>()
  const taken = new Set<string>()
  function uniqueName(label: string): string {
    let name = label
    for (let n = 2; taken.has(name); n++) name = `${label}#${n}`
    taken.add(name)
    return name
  }

  async function declare(x: Tensor): Promise<string> {
    const known = tensorNames.get(x)
    if (known !== undefined) return known
    const { origin } = x
    if (origin.kind === 'node') throw new GraphError('a node is used before it is written')
    const name = origin.kind === 'input' ? origin.name : uniqueName(`w:${origin.name}`)
    tensorNames.set(x, name)
    const { shape, dtype, size } = x
    if (origin.kind === 'input') {
      model.inputs.push({ name, shape })
      return name
    }
    const load = checkedLoad(origin, x)
    if (size <= INLINE_LIMIT) {
      model.inline.push({ name, shape, dtype, data: await load() })
    } else {
      const length = size * arrayOf[dtype].BYTES_PER_ELEMENT
      model.external.push({ name, shape, dtype, location: WEIGHTS_LOCATION, offset: weightBytes, length })
      weights.push({ name, offset: weightBytes, size, dtype, load })
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
    const data = BigInt64Array.from(list, BigInt)
    model.inline.push({ name, shape: [list.length], dtype: 'int64', data })
    return name
  }

  for (const [index, node] of nodes.entries()) {
    const inputs: string[] = []
    for (const x of node.inputs) inputs.push(await declare(x))
    const { name: type, domain } = node.operator
    const { attributes = {}, integers = [] } = node.operator.onnx?.(node) ?? {}
    for (const list of integers) inputs.push(declareIntegers(list))
    if (domain) importDomain(domains, domain)
    const used = node.outputs.map((y, i) => {
      const name = `${type}_${index}${i === 0 ? '' : `_${i}`}`
      tensorNames.set(y, name)
      return name
    })
    model.nodes.push({ type, domain: domain?.name, inputs, outputs: used, attributes })
  }

  const outputShapes: Record<string, readonly number[]> = {}
  for (const [i, name] of names.entries()) {
    const root = roots[i]!
    if (root.dtype !== 'float32') throw new GraphError(`output ${name} is ${root.dtype}: cast it to float32`)
    // An output needs a name of its own, also where two outputs or an input are the same tensor.
    const inputs = [await declare(root)]
    model.nodes.push({ type: 'Identity', domain: undefined, inputs, outputs: [name], attributes: {} })
    model.outputs.push({ name, shape: root.shape })
    outputShapes[name] = root.shape
  }
  const inputs = Object.fromEntries(model.inputs.map(({ name, shape }) => [name, shape]))
  const flops = nodes.reduce((total, node) => total + flopsOf(node), 0)
  return {
    onnx: writeOnnx(model),
    weights,
    weightBytes,
    inputs,
    outputs: outputShapes,
    flops,
    applications: nodes.length,
    peakBytes: peakBytes(nodes, roots),
  }
}

function importDomain(domains: Map<string, number>, { name, version }: Domain): void {
  const known = domains.get(name) ?? version
  if (known !== version) throw new GraphError(`operators of ${name} in versions ${known} and ${version}`)
  domains.set(name, version)
}

function checkedLoad({ name, load }: ConstantOrigin, { shape, size, dtype }: Tensor) {
  return async (): Promise<ArrayOf[DType]> => {
    const data = await load()
    if (!(data instanceof arrayOf[dtype])) {
      throw new GraphError(`${name}: ${dtype} values come as ${arrayOf[dtype].name}`)
    }
    if (data.length !== size) throw new GraphError(`${name}: ${data.length} values for shape [${shape}]`)
    return data
  }
}
