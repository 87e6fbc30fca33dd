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
