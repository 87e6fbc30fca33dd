import type { Operator } from './operator.js'

/** Element types of a graph. CLIP computes in float32; int64 appears only inside the encoded model. */
export type DType = 'float32'

/** A host-side value: row-major data of the given shape. */
export interface HostTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Values of a constant, produced when the graph is compiled, so that building a graph never loads weights. */
export type LoadValues = () => Float32Array | Promise<Float32Array>

/** Attribute values of an operator. A float attribute is wrapped, since ONNX tells 1 from 1.0. */
export type Attribute = number | readonly number[] | string | { readonly float: number }
export type Attributes = Readonly<Record<string, Attribute>>

/** An application of an operator. */
export interface GraphNode {
  readonly operator: Operator
  readonly inputs: readonly Tensor[]
  readonly attributes: Attributes
  readonly outputs: readonly Tensor[]
}

/** Where a tensor comes from. */
export type Origin =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'constant'; readonly name: string; readonly load: LoadValues }
  | { readonly kind: 'node'; readonly node: GraphNode; readonly index: number }

let created = 0

/** A symbolic tensor: a static shape and where its values will come from. Immutable. */
export class Tensor {
  /** Increases with creation, so that inputs of a node always have smaller ids than its outputs. */
  readonly id = created++

  constructor(
    readonly shape: readonly number[],
    readonly origin: Origin,
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
export function input(name: string, shape: readonly number[]): Tensor {
  return new Tensor(shape, { kind: 'input', name })
}

/** A value baked into the compiled model, loaded when it is compiled. Equal names must mean equal values. */
export function constant(name: string, shape: readonly number[], load: LoadValues): Tensor {
  return new Tensor(shape, { kind: 'constant', name, load })
}

/** A constant scalar (shape []). */
export function scalar(value: number): Tensor {
  return constant(`scalar:${value}`, [], () => Float32Array.of(value))
}

/** A constant of the given shape filled with zeros. */
export function zeros(shape: readonly number[]): Tensor {
  return constant(`zeros:${shape.join('x')}`, shape, () => new Float32Array(sizeOf(shape)))
}

/** A constant with the given values. `name` identifies the values: equal names must mean equal values. */
export function values(name: string, shape: readonly number[], data: Float32Array): Tensor {
  if (data.length !== sizeOf(shape)) {
    throw new GraphError(`constant ${name}: ${data.length} values for shape [${shape}]`)
  }
  return constant(name, shape, () => data)
}
