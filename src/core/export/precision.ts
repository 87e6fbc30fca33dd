import { add, apply, cast, constant, type GraphNode, mul, type Tensor, values } from '../graph/index.js'
import { dynamicQuantize, gather, matmulInteger } from '../graph/inference-only.js'
import { rewrite } from '../graph/simplify.js'
import { float32ToFloat16 } from '../weights/float16.js'
import type { ExportPrecision } from './exporter.js'

/** Weights of fewer elements stay as they are. */
const SMALLEST = 4096

/** The outputs computed with weights of the given precision: those of linear layers, convolutions and tables. */
export function inPrecision(
  outputs: Readonly<Record<string, Tensor>>,
  precision: ExportPrecision,
): Record<string, Tensor> {
  if (precision === 'fp32') return { ...outputs }
  const names = Object.keys(outputs)
  const kept = new Map<string, Tensor>()
  /** Made once of a weight, whoever reads it. */
  const once = (weight: Tensor, form: string, make: () => Tensor): Tensor => {
    const key = `${weight.id} ${form}`
    const made = kept.get(key) ?? make()
    kept.set(key, made)
    return made
  }
  const smaller = (weight: Tensor, axis: number) =>
    once(weight, `axis ${axis}`, () => (precision === 'fp16' ? inFloat16(weight) : inIntegers(weight, axis)))

  const roots = rewrite(Object.values(outputs), (node) => {
    const { name } = node.operator
    if (name === 'Gather') return lookedUp(node, precision)
    const place = weightPlaces[name]?.find((i) => isWeight(node.inputs[i]))
    if (place === undefined) return undefined
    const weight = node.inputs[place]!
    const axis = outputAxis(node, place)
    if (precision === 'int8' && name === 'Gemm' && !transposesFirst(node)) {
      return [integerProduct(node, axis, once)]
    }
    const inputs = node.inputs.map((x, i) => (i === place ? smaller(weight, axis) : x))
    return [apply(node.operator, inputs, node.parameters)]
  })
  return Object.fromEntries(names.map((name, i) => [name, roots[i]!]))
}

/** Inputs that are weights where they are constants. A patch embedding is reshaped before it is multiplied. */
const weightPlaces: Readonly<Record<string, readonly number[]>> = {
  Gemm: [1],
  MatMul: [1, 0],
  Conv: [1],
  Reshape: [0],
}

const isWeight = (x: Tensor | undefined): boolean =>
  x?.origin.kind === 'constant' && x.dtype === 'float32' && x.rank >= 2 && x.size >= SMALLEST

const transposesFirst = ({ parameters }: GraphNode) => (parameters as { transA: boolean }).transA

/** The axis of a weight along which outputs lie: each has a scale of its own. */
function outputAxis({ operator, inputs, parameters }: GraphNode, place: number): number {
  const { rank } = inputs[place]!
  if (operator.name === 'Gemm') return (parameters as { transB: boolean }).transB ? 0 : 1
  return operator.name === 'MatMul' ? rank - (place === 1 ? 1 : 2) : 0
}

const source = (weight: Tensor) => {
  const { origin } = weight
  if (origin.kind !== 'constant') throw new TypeError('not a constant')
  return { name: origin.name, load: async () => (await origin.load()) as Float32Array }
}

function inFloat16(weight: Tensor): Tensor {
  return cast(halves(weight), 'float32')
}

function halves(weight: Tensor): Tensor {
  const { name, load } = source(weight)
  const half = async () => float32ToFloat16(await load())
  return constant(`${name}:fp16`, weight.shape, half, { dtype: 'float16' })
}

/** Integers and scales whose products are nearly the weight, one scale a place of the axis. */
function integers(weight: Tensor, axis: number): { quantized: Tensor; scale: Tensor } {
  const { name, load } = source(weight)
  const { shape } = weight
  const parts = async () => quantizedRows(await load(), shape, axis)
  return {
    quantized: constant(`${name}:int8`, shape, async () => (await parts()).quantized, { dtype: 'int8' }),
    scale: constant(
      `${name}:scale`,
      shape.map((n, i) => (i === axis ? n : 1)),
      async () => (await parts()).scale,
    ),
  }
}

function inIntegers(weight: Tensor, axis: number): Tensor {
  const { quantized, scale } = integers(weight, axis)
  return mul(cast(quantized, 'float32'), scale)
}

/** Rows of a table are looked up before they become float32. */
function lookedUp({ inputs }: GraphNode, precision: ExportPrecision): readonly Tensor[] | undefined {
  const [table, indices] = inputs as readonly [Tensor, Tensor]
  if (!isWeight(table)) return undefined
  if (precision === 'fp16') return [cast(gather(halves(table), indices), 'float32')]
  const { quantized, scale } = integers(table, 0)
  return [mul(cast(gather(quantized, indices), 'float32'), gather(scale, indices))]
}

/**
 * x W + b by 8-bit integers. The weights are unsigned with zero at 128: products of unsigned and signed bytes saturate
 * on processors without VNNI.
 */
function integerProduct(
  { inputs }: GraphNode,
  axis: number,
  once: (weight: Tensor, form: string, make: () => Tensor) => Tensor,
): Tensor {
  const [x, weight, bias] = inputs as readonly [Tensor, Tensor, Tensor?]
  const [n, k] = axis === 0 ? weight.shape : [weight.dim(1), weight.dim(0)]
  const { name, load } = source(weight)
  const parts = async () => quantizedRows(await load(), weight.shape, axis)
  const columns = once(weight, 'columns', () =>
    constant(
      `${name}:uint8`,
      [k!, n!],
      async () => {
        const { quantized } = await parts()
        const unsigned = new Uint8Array(quantized.length)
        for (let row = 0; row < k!; row++) {
          for (let column = 0; column < n!; column++) {
            const value = axis === 0 ? quantized[column * k! + row]! : quantized[row * n! + column]!
            unsigned[row * n! + column] = value + 128
          }
        }
        return unsigned
      },
      { dtype: 'uint8' },
    ),
  )
  const scale = once(weight, 'scale', () =>
    constant(`${name}:scale`, [n!], async () => (await parts()).scale),
  )
  const own = dynamicQuantize(x)
  const zero = values('zero:128', [], Uint8Array.of(128), { dtype: 'uint8', owner: integerProduct })
  const product = matmulInteger(own.quantized, columns, own.zero, zero)
  const y = mul(cast(product, 'float32'), mul(own.scale, scale))
  return bias ? add(y, bias) : y
}

/** Values as 8-bit integers times a scale: value = scale * quantized. */
export interface Quantized {
  readonly quantized: Int8Array
  /** One for every place of the axis. */
  readonly scale: Float32Array
}

/**
 * Symmetric 8-bit integers, -127 to 127, with a scale of its own for every place of an axis: the largest magnitude
 * there is 127 steps.
 *
 * @param values row-major, of the given shape
 */
export function quantizedRows(values: Float32Array, shape: readonly number[], axis: number): Quantized {
  const places = shape[axis]!
  const inner = shape.slice(axis + 1).reduce((product, n) => product * n, 1)
  const placeOf = (i: number) => Math.floor(i / inner) % places
  const largest = new Float32Array(places)
  for (let i = 0; i < values.length; i++) {
    const place = placeOf(i)
    const magnitude = Math.abs(values[i]!)
    if (magnitude > largest[place]!) largest[place] = magnitude
  }
  const scale = largest.map((value) => (value > 0 ? value / 127 : 1))
  const quantized = new Int8Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const steps = Math.round(values[i]! / scale[placeOf(i)]!)
    quantized[i] = Math.max(-127, Math.min(127, steps))
  }
  return { quantized, scale }
}
