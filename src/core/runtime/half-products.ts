import {
  apply,
  cast,
  constant,
  type EncodedGraph,
  encodeGraph,
  type GraphNode,
  type HostTensor,
  input,
  matmul,
  type Tensor,
} from '../graph/index.js'
import { rewrite } from '../graph/simplify.js'
import { randomStream } from '../random.js'
import { float32ToFloat16 } from '../weights/float16.js'
import type { Precision } from './device.js'

/** Weights of fewer elements are multiplied in float32. */
const SMALLEST = 4096

/**
 * The outputs with products of a model's weights in half precision (Micikevicius et al., "Mixed Precision Training", 2018):
 * weights are kept as float16, what they are multiplied with is rounded to float16, and the product is float32 again. All else,
 * such as attention, norms, residual streams, logits, losses, gradients' sums and what is learned, stays float32.
 */
export function halfProducts(outputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const halves = new Map<number, Tensor>()
  const roots = rewrite(Object.values(outputs), (node) => {
    if (!multipliesWeight(node)) return undefined
    const { operator, inputs, parameters } = node
    const half = inputs.map((x) => (isWeight(x) ? halved(x, halves) : cast(x, 'float16')))
    return [cast(apply(operator, half, parameters), 'float32')]
  })
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, roots[i]!]))
}

/** A graph as it is computed in that precision. */
export const inPrecision = async (graph: EncodedGraph, precision?: Precision): Promise<EncodedGraph> =>
  precision === 'fp16' && graph.computed ? encodeGraph(halfProducts(graph.computed)) : graph

/** Whether a node is a product of float32 with a weight. */
export const multipliesWeight = ({ operator, inputs }: GraphNode): boolean =>
  PRODUCTS.has(operator.name) && inputs.slice(0, 2).some(isWeight)

const PRODUCTS = new Set(['Gemm', 'MatMul', 'Conv'])
/** What changes nothing about a weight but its shape. */
const MOVES = new Set(['Reshape', 'Transpose'])

const nodeOf = ({ origin }: Tensor): GraphNode | undefined =>
  origin.kind === 'node' ? origin.node : undefined

const moved = (x: Tensor): Tensor | undefined => {
  const node = nodeOf(x)
  return node && MOVES.has(node.operator.name) ? node.inputs[0] : undefined
}

function isWeight(x: Tensor): boolean {
  const from = moved(x)
  if (from) return isWeight(from)
  return x.origin.kind === 'constant' && x.dtype === 'float32' && x.size >= SMALLEST
}

/** A weight as float16, the same tensor whoever multiplies by it. */
function halved(x: Tensor, known: Map<number, Tensor>): Tensor {
  const made = known.get(x.id) ?? halfOf(x, known)
  known.set(x.id, made)
  return made
}

function halfOf(x: Tensor, known: Map<number, Tensor>): Tensor {
  const from = moved(x)
  if (from) {
    const { operator, parameters } = nodeOf(x)!
    return apply(operator, [halved(from, known)], parameters)
  }
  const { origin } = x
  if (origin.kind !== 'constant') throw new TypeError(`tensor ${x.id} is no weight`)
  const { name, load, owner, key, derived } = origin
  const half = async () => float32ToFloat16((await load()) as Float32Array)
  return constant(`${name}:fp16`, x.shape, half, {
    dtype: 'float16',
    owner,
    key: `${key}:fp16`,
    derived: derived && { ...derived, how: `${derived.how} as float16` },
  })
}

/** Terms of the sum that {@link sumProbe} takes. */
const TERMS = 4096
const LARGE = 2048

/**
 * A product in half precision that tells how its sums are made: ones among numbers of 2048 and -2048 in a random order. In float16 the
 * ones are lost beside these, in float32 none is.
 */
export function sumProbe(): {
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly inputs: Readonly<Record<string, HostTensor>>
  /** Whether these outputs are of sums in float32. */
  isExact(outputs: Readonly<Record<string, HostTensor>>): boolean
} {
  const rows = 16
  const x = input('x', [rows, TERMS])
  const ones = input('ones', [TERMS, rows])
  const product = matmul(cast(x, 'float16'), cast(ones, 'float16'))
  const random = randomStream(1, 'sums')
  const terms = random.shuffle(Array.from({ length: TERMS }, (_, i) => [LARGE, 1, -LARGE, 1][i % 4]!))
  return {
    outputs: { sums: cast(product, 'float32') },
    inputs: {
      x: { shape: x.shape, data: Float32Array.from({ length: x.size }, (_, i) => terms[i % TERMS]!) },
      ones: { shape: ones.shape, data: new Float32Array(ones.size).fill(1) },
    },
    isExact: ({ sums }) => sums!.data.every((sum) => sum === TERMS / 2),
  }
}
