import { encodeGraph, gemm, input } from '../graph/index.js'
import type { Runtime } from '../runtime/session.js'

/** Rows of one run. */
const CHUNK = 1024

/** A linear classifier of feature vectors. */
export interface LinearWeights {
  /** [classes, dims], row-major. */
  readonly weights: Float32Array
  /** One a class. */
  readonly bias: Float32Array
}

/** Logits W x + b of rows of features [n, dims]: [n, classes]. */
export async function linearLogits(
  runtime: Runtime,
  { weights, bias }: LinearWeights,
  features: Float32Array,
): Promise<Float32Array> {
  const classes = bias.length
  const dims = weights.length / classes
  const n = features.length / dims
  const rows = Math.min(CHUNK, n)
  const logits = new Float32Array(n * classes)
  if (n === 0) return logits
  const shapes = { features: [rows, dims], weights: [classes, dims], bias: [classes] }
  const [x, w, b] = [
    input('features', shapes.features),
    input('weights', shapes.weights),
    input('bias', shapes.bias),
  ]
  const session = await runtime.compile(await encodeGraph({ logits: gemm(x, w, { transB: true, bias: b }) }))
  try {
    for (let start = 0; start < n; start += rows) {
      const data = new Float32Array(rows * dims)
      data.set(features.subarray(start * dims, (start + rows) * dims))
      const outputs = await session.run({
        features: { shape: shapes.features, data },
        weights: { shape: shapes.weights, data: weights },
        bias: { shape: shapes.bias, data: bias },
      })
      const kept = Math.min(rows, n - start)
      logits.set(outputs.logits!.data.subarray(0, kept * classes), start * classes)
    }
  } finally {
    await session.release()
  }
  return logits
}
