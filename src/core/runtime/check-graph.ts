import {
  abs,
  add,
  attention,
  gelu,
  gemm,
  gradients,
  type HostTensor,
  input,
  l2Normalize,
  layerNorm,
  logSoftmax,
  mean,
  mul,
  neg,
  ones,
  sub,
  sum,
  type Tensor,
  zeros,
} from '../graph/index.js'
import { randomStream } from '../random.js'
import type { TensorMap } from './session.js'

const ROWS = 32
const WIDTH = 64
const CLASSES = 10

/** A step of training as PromptSRC's are, small: one block, cosine logits, cross-entropy, an L1 regulator. */
export interface CheckGraph {
  /** The loss, the logits and the gradient of every weight. */
  readonly outputs: Readonly<Record<string, Tensor>>
  readonly inputs: TensorMap
}

/** The same numbers every time, with which a device is held against another. */
export function checkGraph(): CheckGraph {
  const random = randomStream(1, 'check')
  const inputs: Record<string, HostTensor> = {}
  const given = (name: string, shape: readonly number[], scale: number): Tensor => {
    const x = input(name, shape)
    inputs[name] = { shape, data: Float32Array.from({ length: x.size }, () => scale * random.normal()) }
    return x
  }
  const x = given('x', [ROWS, WIDTH], 1)
  const weights = Object.fromEntries(
    ['query', 'key', 'value', 'out'].map((name) => [name, given(name, [WIDTH, WIDTH], 1 / Math.sqrt(WIDTH))]),
  )
  const classes = given('classes', [CLASSES, WIDTH], 1)
  const teacher = given('teacher', [ROWS, WIDTH], 1)

  const normal = layerNorm(x, ones([WIDTH]), zeros([WIDTH]))
  const [q, k, v] = ['query', 'key', 'value'].map((name) => gemm(normal, weights[name]!))
  const block = add(x, gemm(gelu(attention(mul(q!, 1 / Math.sqrt(WIDTH)), k!, v!)), weights.out!))
  const features = l2Normalize(block)
  const logits = mul(gemm(features, l2Normalize(classes), { transB: true }), 20)
  const labels = input('labels', [ROWS, CLASSES])
  inputs.labels = {
    shape: labels.shape,
    data: Float32Array.from({ length: labels.size }, (_, i) =>
      Math.floor(i / CLASSES) % CLASSES === i % CLASSES ? 1 : 0,
    ),
  }
  const crossEntropy = neg(mean(sum(mul(labels, logSoftmax(logits)), [1])))
  const loss = add(crossEntropy, mul(mean(abs(sub(features, l2Normalize(teacher)))), 10))
  const names = [...Object.keys(weights), 'classes']
  const found = gradients(loss, [...Object.values(weights), classes])
  return {
    outputs: { loss, logits, ...Object.fromEntries(names.map((name, i) => [`gradient ${name}`, found[i]!])) },
    inputs,
  }
}

/** Rounding of float32 in another order of sums stays below; half precision in the name of float32 does not. */
const ROUNDING = 1e-4

/** How far the outputs of one device are from those of another. */
export interface Agreement {
  /** The largest difference of an output, in units of that output's largest value. */
  readonly worstError: number
  /** The output it was found in. */
  readonly worstOutput: string
  /** Whether that is rounding: below 1e-4. */
  readonly agrees: boolean
}

/** Holds the outputs of a device against those of one that is right. */
export function agreement(
  found: Readonly<Record<string, HostTensor>>,
  expected: Readonly<Record<string, HostTensor>>,
): Agreement {
  let worst = { worstError: 0, worstOutput: 'loss' }
  for (const [name, { data }] of Object.entries(expected)) {
    const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const error = data.reduce((most, value, i) => Math.max(most, Math.abs(value - found[name]!.data[i]!)), 0)
    // Not a number is worse than any number.
    if (Number.isNaN(worst.worstError) || error / largest <= worst.worstError) continue
    worst = { worstError: error / largest, worstOutput: name }
  }
  return { ...worst, agrees: worst.worstError < ROUNDING }
}
