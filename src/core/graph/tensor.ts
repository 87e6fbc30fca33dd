/** Element types. Graphs compute in float32; a constant may be kept in another type, which `cast` converts. */
export type DType = 'float32' | 'float16' | 'int32' | 'int64' | 'int8' | 'uint8'

/** The arrays that hold values of an element type; float16 as its bits. */
export interface ArrayOf {
  readonly float32: Float32Array
  readonly float16: Uint16Array
  readonly int32: Int32Array
  readonly int64: BigInt64Array
  readonly int8: Int8Array
  readonly uint8: Uint8Array
}

/** The arrays' classes. */
export const arrayOf = {
  float32: Float32Array,
  float16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const

/** The bytes of an array, without a copy. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayOf[DType]): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** A host-side value: row-major data of the given shape. */
export interface HostTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/**
 * Gives the values of a constant when the graph is compiled, so that building a graph never loads weights.
 *
 * @param into where float32 values may be put and then be returned as, to save making and copying an array
 */
export type LoadValues<D extends DType = 'float32'> = (
  into?: Float32Array,
) => ArrayOf[D] | Promise<ArrayOf[D]>

/** Attribute values of an operator in ONNX. A float is wrapped, since ONNX tells 1 from 1.0. */
export type Attribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly dtype: DType }
export type Attributes = Readonly<Record<string, Attribute>>

/** A set of operators of ONNX beside its own, such as `com.microsoft` of ONNX Runtime. */
export interface Domain {
  readonly name: string
  readonly version: number
}

/** What of a node is written in ONNX beside its operator and inputs. */
export interface OnnxForm {
  readonly attributes?: Attributes
  /** Shapes, axes and the like, which ONNX takes as int64 inputs after the data inputs. */
  readonly integers?: readonly (readonly number[])[]
}

/**
 * An operator of ONNX (opset 17, or another domain): what it takes, its shapes and how it is written. Its gradient
 * stands in the table of gradient.ts.
 *
 * @typeParam I its inputs
 * @typeParam P its parameters, plain data: applications of equal parameters to equal inputs are computed once
 */
export interface Operator<I extends readonly Tensor[] = readonly Tensor[], P = unknown> {
  /** Its name in ONNX. */
  readonly name: string
  /** Default: ONNX's own operators. */
  readonly domain?: Domain
  /** Shapes of the outputs. Throws GraphError when the inputs do not fit. */
  infer(inputs: I, parameters: P): readonly (readonly number[])[]
  /** Element type of the outputs, or of each. Default: that of the inputs, which then must have one. */
  dtype?(inputs: I, parameters: P): DType | readonly DType[]
  /** Default: no attributes. */
  onnx?(node: GraphNode<I, P>): OnnxForm
  /** Floating-point operations, counted for matrix products and convolutions only. */
  flops?(node: GraphNode<I, P>): number
}

/** An application of an operator. */
export interface GraphNode<I extends readonly Tensor[] = readonly Tensor[], P = unknown> {
  readonly operator: Operator<I, P>
  readonly inputs: I
  readonly parameters: P
  readonly outputs: readonly Tensor[]
}

/** A value baked into the model. */
export interface ConstantOrigin {
  readonly kind: 'constant'
  /** A label for the reader of the model; it identifies nothing. */
  readonly name: string
  readonly load: LoadValues<DType>
  /** Constants are the same where owner and key are. */
  readonly owner: object
  readonly key: string
  /** What all elements are, where that is known without loading them. */
  readonly fill?: number
  readonly derived?: Derived | undefined
}

/** How the values of a constant follow from a model. */
export interface Derived {
  /** Whose values they are computed from, and from nothing else. */
  readonly from: object
  /** What of the model they belong to: such constants are kept in one file. */
  readonly part: string
  /** Equal texts of one model are equal values. */
  readonly how: string
}

/** Where a tensor comes from. */
export type Origin =
  | { readonly kind: 'input'; readonly name: string }
  | ConstantOrigin
  | { readonly kind: 'node'; readonly node: GraphNode; readonly index: number }

let created = 0

/** A symbolic tensor: a static shape, an element type, and where its values will come from. Immutable. */
export class Tensor {
  /** Tells tensors apart; inputs of a node always have smaller ids than its outputs. */
  readonly id = created++

  constructor(
    readonly shape: readonly number[],
    readonly origin: Origin,
    readonly dtype: DType = 'float32',
  ) {}

  /** Number of axes. */
  get rank(): number {
    return this.shape.length
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.shape)
  }

  /** Size along an axis; negative axes count from the end. */
  dim(axis: number): number {
    return this.shape[normalizeAxis(axis, this.rank)] as number
  }
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1)
}

/** Maps a negative axis to its position from the front. Throws GraphError when it is outside. */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis
  if (normalized < 0 || normalized >= rank)
    throw new GraphError(`axis ${axis} outside a tensor of ${rank} axes`)
  return normalized
}

/** A graph that is built wrongly: a programming error, never the user's. */
export class GraphError extends Error {
  override name = 'GraphError'
}

/** A value fed at run time. Names are unique within a graph. */
export function input(name: string, shape: readonly number[], dtype: DType = 'float32'): Tensor {
  return new Tensor(shape, { kind: 'input', name }, dtype)
}

/** What a constant is beside its values. */
export interface ConstantOptions<D extends DType = 'float32'> {
  /** Default: float32. */
  readonly dtype?: D
  /**
   * The object whose constant this is: constants of one owner and one key are the same and are loaded once a graph,
   * all others are different, whatever their names. Default: `load`.
   */
  readonly owner?: object
  /** Tells apart the constants of an owner. Default: the name. */
  readonly key?: string
  /** Where a later process may find the values without loading them. */
  readonly derived?: Derived | undefined
}

/** A value baked into the compiled model, loaded when it is compiled. The name is a label. */
export function constant<D extends DType = 'float32'>(
  name: string,
  shape: readonly number[],
  load: LoadValues<D>,
  { dtype, owner = load, key = name, derived }: ConstantOptions<D> = {},
): Tensor {
  return new Tensor(shape, { kind: 'constant', name, load, owner, key, derived }, dtype)
}

/** A constant with the given values: the same as another of these very data and this name. */
export function values<D extends DType = 'float32'>(
  name: string,
  shape: readonly number[],
  data: ArrayOf[D],
  options: ConstantOptions<D> = {},
): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new GraphError(`constant ${name}: ${data.length} values for shape [${shape}]`)
  }
  return constant(name, shape, () => data, { owner: data, ...options })
}

/** Owner of the constants that are one number throughout: these are the same where number and shape are. */
const FILLED = {}

function filled(name: string, shape: readonly number[], fill: number): Tensor {
  const load = () => new Float32Array(sizeOf(shape)).fill(fill)
  return new Tensor(shape, { kind: 'constant', name, load, owner: FILLED, key: name, fill })
}

/** A constant scalar (shape []). */
export function scalar(value: number): Tensor {
  return filled(`scalar:${Object.is(value, -0) ? '-0' : value}`, [], value)
}

/** A constant of the given shape filled with zeros. */
export function zeros(shape: readonly number[]): Tensor {
  return filled(`zeros:${shape.join('x')}`, shape, 0)
}

/** A constant of the given shape filled with ones. */
export function ones(shape: readonly number[]): Tensor {
  return filled(`ones:${shape.join('x')}`, shape, 1)
}

/** Applies an operator and returns all its outputs. */
export function applyAll<I extends readonly Tensor[], P>(
  operator: Operator<I, P>,
  inputs: I,
  parameters: P,
): readonly Tensor[] {
  const outputs: Tensor[] = []
  const node: GraphNode<I, P> = { operator, inputs, parameters, outputs }
  const shapes = operator.infer(inputs, parameters)
  const dtype = operator.dtype?.(inputs, parameters) ?? commonType(operator.name, inputs)
  for (const [index, shape] of shapes.entries()) {
    const own = typeof dtype === 'string' ? dtype : dtype[index]
    outputs.push(new Tensor(shape, { kind: 'node', node, index }, own))
  }
  return outputs
}

/** Applies an operator of one output. */
export function apply<I extends readonly Tensor[]>(operator: Operator<I, void>, inputs: I): Tensor
export function apply<I extends readonly Tensor[], P>(
  operator: Operator<I, P>,
  inputs: I,
  parameters: P,
): Tensor
export function apply(operator: Operator, inputs: readonly Tensor[], parameters?: unknown): Tensor {
  return applyAll(operator, inputs, parameters)[0] as Tensor
}

function commonType(operator: string, inputs: readonly Tensor[]): DType {
  const [dtype = 'float32', ...others] = new Set(inputs.map((x) => x.dtype))
  if (others.length > 0) throw new GraphError(`${operator} of ${dtype} and ${others}: cast one to the other`)
  return dtype
}

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

/** The inputs that the tensors are computed from, one of every name. */
export function inputsOf(roots: readonly Tensor[]): Tensor[] {
  const found = new Map<string, Tensor>()
  for (const x of [...roots, ...nodesInOrder(roots).flatMap(({ inputs }) => inputs)]) {
    if (x.origin.kind === 'input') found.set(x.origin.name, x)
  }
  return [...found.values()]
}
