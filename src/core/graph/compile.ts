import { flopsOf, peakBytes } from './cost.js'
import { Reshape } from './layout.js'
import { type OnnxModel, type OnnxValue, writeOnnx } from './onnx.js'
import { OpenSizes } from './open-sizes.js'
import { simplify } from './simplify.js'
import {
  type ArrayOf,
  arrayOf,
  type ConstantOrigin,
  type Domain,
  type DType,
  GraphError,
  type GraphNode,
  nodesInOrder,
  sizeOf,
  type Tensor,
} from './tensor.js'
import {
  alignedBytes,
  type ExternalWeight,
  WEIGHTS_LOCATION,
  type WeightsFile,
  weightsFiles,
} from './weights-files.js'

/** Constants of at most this many elements are written into the model itself. */
const INLINE_LIMIT = 256

/** A compiled graph, ready for ONNX Runtime once its weights are loaded. */
export interface EncodedGraph {
  readonly onnx: Uint8Array
  /** Whether the bytes of `onnx` may be moved elsewhere when it is compiled, once and for all. Default: no. */
  readonly movable?: boolean
  /** Its large constants. */
  readonly files: readonly WeightsFile[]
  /** What it computes, to be encoded in another way; absent of a model that stands in a file. */
  readonly computed?: Readonly<Record<string, Tensor>>
  /** The model with its files under other names, or inside it; absent where it has none. */
  readonly moved?: (files: ReadonlyMap<WeightsFile, string | Uint8Array<ArrayBuffer>>) => Uint8Array
  /** Length of all files together. */
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
 * @throws GraphError when an output is not float32, or a size is open
 */
export async function encodeGraph(outputs: Readonly<Record<string, Tensor>>): Promise<EncodedGraph> {
  const { model, weights, nodes, roots } = await layOut(outputs)
  const { external, files } = weightsFiles(model.external, weights)
  const shapes = (list: readonly OnnxValue[]) =>
    Object.fromEntries(
      list.map(({ name, shape }): [string, readonly number[]] => {
        const sizes = shape.filter((n) => typeof n === 'number')
        if (sizes.length < shape.length) throw new GraphError(`${name}: [${shape}] has an open size`)
        return [name, sizes]
      }),
    )
  const flops = nodes.reduce((total, node) => total + flopsOf(node), 0)
  const [inputs, named] = [shapes(model.inputs), shapes(model.outputs)]
  return {
    onnx: writeOnnx({ ...model, external }),
    computed: outputs,
    files,
    moved: (places) => writeOnnx(withMoved({ ...model, external }, files, places)),
    weightBytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    inputs,
    outputs: named,
    flops,
    applications: nodes.length,
    peakBytes: peakBytes(nodes, roots),
  }
}

function withMoved(
  model: OnnxModel,
  files: readonly WeightsFile[],
  places: ReadonlyMap<WeightsFile, string | Uint8Array<ArrayBuffer>>,
): OnnxModel {
  const byLocation = new Map(files.map((file) => [file.location, places.get(file)]))
  const inline = model.inline.slice()
  const external: OnnxModel['external'] = []
  for (const tensor of model.external) {
    const { name, shape, dtype, offset } = tensor
    const place = byLocation.get(tensor.location)
    if (typeof place === 'object') {
      const data = new arrayOf[dtype](place.buffer, place.byteOffset + offset, sizeOf(shape))
      inline.push({ name, shape, dtype, data })
    } else {
      external.push({ ...tensor, location: place ?? tensor.location })
    }
  }
  return { ...model, inline, external }
}

/** A model as it is written, with its large constants apart. */
export interface LaidOut {
  readonly model: OnnxModel
  readonly weights: readonly ExternalWeight[]
  readonly weightBytes: number
  readonly nodes: readonly GraphNode[]
  /** What stands for the outputs. */
  readonly roots: readonly Tensor[]
}

/** Options of {@link layOut}. */
export interface LayOutOptions {
  /** Those of the graph's sizes that stay open. Default: none. */
  readonly sizes?: OpenSizes
  /** Inputs that stand first, whether they are read or not. */
  readonly inputs?: readonly Tensor[]
}

/**
 * Lays out the computation of the named outputs as an ONNX model.
 *
 * @throws GraphError when an output is not float32
 */
export async function layOut(
  outputs: Readonly<Record<string, Tensor>>,
  { sizes = new OpenSizes(), inputs = [] }: LayOutOptions = {},
): Promise<LaidOut> {
  const names = Object.keys(outputs)
  const roots = simplify(names.map((name) => outputs[name]!))
  const nodes = nodesInOrder(roots)
  const domains = new Map<string, number>()
  const model: OnnxModel = { domains, nodes: [], inputs: [], outputs: [], inline: [], external: [] }
  const weights: ExternalWeight[] = []
  let weightBytes = 0

  /** Where the open sizes are read from. */
  const openSizes = new Map<number, { readonly name: string; readonly axis: number }>()
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
      model.inputs.push({ name, shape: sizes.named(shape), dtype })
      for (const [axis, size] of shape.entries()) {
        if (sizes.isOpen(size) && !openSizes.has(size)) openSizes.set(size, { name, axis })
      }
      return name
    }
    if (shape.some((n) => sizes.isOpen(n)))
      throw new GraphError(`constant ${name}: [${shape}] is read as an open size`)
    const load = checkedLoad(origin, x)
    if (size <= INLINE_LIMIT) {
      model.inline.push({ name, shape, dtype, data: await load() })
    } else {
      const length = size * arrayOf[dtype].BYTES_PER_ELEMENT
      model.external.push({ name, shape, dtype, location: WEIGHTS_LOCATION, offset: weightBytes, length })
      weights.push({ name, offset: weightBytes, size, dtype, load, derived: origin.derived })
      weightBytes += alignedBytes(length)
    }
    return name
  }

  const integerNames = new Map<string, string>()
  function declareIntegers(list: readonly number[]): string {
    const key = list.join(',')
    const known = integerNames.get(key)
    if (known !== undefined) return known
    if (list.some((n) => sizes.isOpen(n))) return declareSizes(list, key)
    const name = `i:${key}`
    integerNames.set(key, name)
    const data = BigInt64Array.from(list, BigInt)
    model.inline.push({ name, shape: [list.length], dtype: 'int64', data })
    return name
  }

  /** A shape whose only open size is what the others leave. */
  const withRest = (shape: readonly number[]) =>
    shape.filter((n) => sizes.isOpen(n)).length === 1 ? shape.map((n) => (sizes.isOpen(n) ? -1 : n)) : shape

  /** Writes nodes that give sizes which are known when the model runs: those of its inputs, and what they give. */
  function declareSizes(list: readonly number[], key: string): string {
    const name = `i:${sizes.named(list)}`
    integerNames.set(key, name)
    const node = (type: string, inputs: string[], output: string, attributes = {}) => {
      model.nodes.push({ type, domain: undefined, inputs, outputs: [output], attributes })
    }
    if (list.length > 1) {
      const parts = list.map((n) => declareIntegers([n]))
      node('Concat', parts, name, { axis: 0 })
      return name
    }
    const { open, fixed } = sizes.factors(list[0]!)
    const [first, ...others] = open
    const source = openSizes.get(first!)
    if (!source) throw new GraphError(`no input has the open size ${sizes.named([first!])}`)
    if (others.length === 0 && fixed === 1) {
      node('Shape', [source.name], name, { start: source.axis, end: source.axis + 1 })
    } else {
      const rest = others.reduce((product, size) => product * size, fixed)
      node('Mul', [declareIntegers([first!]), declareIntegers([rest])], name)
    }
    return name
  }

  for (const x of inputs) await declare(x)
  for (const [index, node] of nodes.entries()) {
    const inputs: string[] = []
    for (const x of node.inputs) inputs.push(await declare(x))
    const { name: type, domain } = node.operator
    const { attributes = {}, integers = [] } = node.operator.onnx?.(node) ?? {}
    for (const list of integers)
      inputs.push(declareIntegers(node.operator === Reshape ? withRest(list) : list))
    if (domain) importDomain(domains, domain)
    const used = node.outputs.map((y, i) => {
      const name = `${type}_${index}${i === 0 ? '' : `_${i}`}`
      tensorNames.set(y, name)
      return name
    })
    model.nodes.push({ type, domain: domain?.name, inputs, outputs: used, attributes })
  }

  for (const [i, name] of names.entries()) {
    const root = roots[i]!
    if (root.dtype !== 'float32') throw new GraphError(`output ${name} is ${root.dtype}: cast it to float32`)
    // An output needs a name of its own, also where two outputs or an input are the same tensor.
    const inputs = [await declare(root)]
    model.nodes.push({ type: 'Identity', domain: undefined, inputs, outputs: [name], attributes: {} })
    model.outputs.push({ name, shape: sizes.named(root.shape), dtype: root.dtype })
  }
  return { model, weights, weightBytes, nodes, roots }
}

function importDomain(domains: Map<string, number>, { name, version }: Domain): void {
  const known = domains.get(name) ?? version
  if (known !== version) throw new GraphError(`operators of ${name} in versions ${known} and ${version}`)
  domains.set(name, version)
}

function checkedLoad({ name, load }: ConstantOrigin, { shape, size, dtype }: Tensor) {
  return async (into?: Float32Array): Promise<ArrayOf[DType]> => {
    const data = await load(into)
    if (!(data instanceof arrayOf[dtype])) {
      throw new GraphError(`${name}: ${dtype} values come as ${arrayOf[dtype].name}`)
    }
    if (data.length !== size) throw new GraphError(`${name}: ${data.length} values for shape [${shape}]`)
    return data
  }
}
