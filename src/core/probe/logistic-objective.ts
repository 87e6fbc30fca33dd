import {
  div,
  encodeGraph,
  exp,
  gemm,
  input,
  max,
  mul,
  sub,
  sum,
  type Tensor,
  values,
} from '../graph/index.js'
import type { Runtime, Session } from '../runtime/session.js'
import type { Evaluated } from './line-search.js'

/** Rows of one run: bounds the memory for intermediate values. */
const CHUNK = 4096

/** Feature vectors with their classes. */
export interface LabelledFeatures {
  /** [n, dims], row-major. */
  readonly features: Float32Array
  /** Class of every row. */
  readonly labels: Int32Array
}

/** The objective of a logistic regression over fixed features. */
export interface LogisticObjective {
  /** Entries of the parameters: weights [classes, dims], then one bias a class. */
  readonly size: number
  /**
   * Value and gradient at the parameters.
   *
   * @param strength weight of the losses against the penalty, scikit-learn's C
   */
  evaluate(parameters: Float64Array, strength: number): Promise<Evaluated>
  release(): Promise<void>
}

/**
 * Multinomial logistic regression with an L2 penalty on the weights alone (CLIP paper, appendix A.3; scikit-learn's
 * objective divided by C):
 *
 *     sum over rows i of -log softmax(W x_i + b)[y_i]  +  |W|^2 / (2 C)
 *
 * The rows' losses and the gradient are computed by the runtime in float32, their sums in float64.
 */
export async function logisticObjective(
  runtime: Runtime,
  { features, labels }: LabelledFeatures,
  classes: number,
): Promise<LogisticObjective> {
  const dims = features.length / labels.length
  const size = classes * (dims + 1)
  const sessions: Session[] = []
  const release = async () => {
    for (const session of sessions) await session.release()
  }
  const freeing = async (error: unknown): Promise<never> => {
    await release()
    throw error
  }
  for (let start = 0; start < labels.length; start += CHUNK) {
    const end = Math.min(start + CHUNK, labels.length)
    const rows = features.subarray(start * dims, end * dims)
    const graph = rowLosses(rows, oneHot(labels.subarray(start, end), classes), classes)
    sessions.push(await runtime.compile(await encodeGraph(graph)).catch(freeing))
  }
  // With two classes scikit-learn penalises one vector, the difference of ours, which is twice our penalty.
  const penaltyScale = classes === 2 ? 2 : 1
  return {
    size,
    async evaluate(parameters, strength) {
      const rounded = Float32Array.from(parameters)
      const feeds = {
        weights: { shape: [classes, dims], data: rounded.slice(0, classes * dims) },
        bias: { shape: [classes], data: rounded.slice(classes * dims) },
      }
      let value = 0
      const gradient = new Float64Array(size)
      for (const session of sessions) {
        const { most, others, weightGradient, biasGradient } = await session.run(feeds)
        // log(e^-m + others) keeps the digits of losses far below 1, which log softmax in float32 loses.
        for (const [i, m] of most!.data.entries()) {
          value += m + Math.log1p(Math.expm1(-m) + others!.data[i]!)
        }
        for (const [i, g] of weightGradient!.data.entries()) gradient[i]! += g
        for (const [c, g] of biasGradient!.data.entries()) gradient[classes * dims + c]! += g
      }
      const penalty = penaltyScale / strength
      for (let i = 0; i < classes * dims; i++) {
        value += (penalty / 2) * rounded[i]! ** 2
        gradient[i]! += penalty * rounded[i]!
      }
      return { value, gradient }
    },
    release,
  }
}

/**
 * Of every row the largest margin m by which another class (or its own, m = 0) leads its own, and the sum over other
 * classes of e^(margin - m); the loss is m + log(e^-m + sum). With them the gradients of the summed losses.
 */
function rowLosses(
  features: Float32Array,
  labels: Float32Array,
  classes: number,
): Record<'most' | 'others' | 'weightGradient' | 'biasGradient', Tensor> {
  const n = labels.length / classes
  const dims = features.length / n
  const x = values('features', [n, dims], features)
  const own = values('labels', [n, classes], labels)
  const weights = input('weights', [classes, dims])
  const logits = gemm(x, weights, { transB: true, bias: input('bias', [classes]) }) // [n, classes]
  const margins = sub(logits, sum(mul(logits, own), [-1], true))
  const most = max(margins, [-1], true)
  const shares = exp(sub(margins, most))
  const rest = sub(shares, mul(shares, own))
  const others = sum(rest, [-1], true)
  // softmax - label without its cancellation: the own class's entry is minus the share of the others.
  const residual = div(sub(rest, mul(own, others)), sum(shares, [-1], true))
  return {
    most,
    others,
    weightGradient: gemm(residual, x, { transA: true }), // [classes, dims]
    biasGradient: sum(residual, [0]),
  }
}

function oneHot(labels: Int32Array, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes)
  for (const [i, label] of labels.entries()) rows[i * classes + label] = 1
  return rows
}
