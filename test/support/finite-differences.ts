import {
  add,
  encodeGraph,
  gradients,
  type HostTensor,
  input,
  mul,
  sizeOf,
  sum,
  Tensor,
  values,
} from '../../src/core/graph/index.js'
import { randomStream } from '../../src/core/random.js'
import { nodeRuntime } from '../../src/node/runtime/node-runtime.js'

const runtime = nodeRuntime({ threads: 1, worker: false })

/** Random values of a shape, uniform in [low, high), seeded by the key. */
export function randomTensor(key: string, shape: readonly number[], low = -1, high = 1): HostTensor {
  const random = randomStream(1, key)
  return {
    shape,
    data: Float32Array.from({ length: sizeOf(shape) }, () => low + (high - low) * random.uniform()),
  }
}

/** Computes outputs once. */
export async function evaluate(outputs: Record<string, Tensor>, inputs: Record<string, HostTensor> = {}) {
  const session = await runtime.compile(await encodeGraph(outputs))
  const result = await session.run(inputs)
  await session.release()
  return result
}

/**
 * The largest difference between the graph's gradients and central finite differences of a random weighted sum
 * of the outputs, relative to the largest gradient entry of each input.
 */
export async function gradientError(
  build: (inputs: Tensor[]) => Tensor | readonly Tensor[],
  at: readonly HostTensor[],
  step = 1e-2,
): Promise<number> {
  const xs = at.map((x, i) => input(`x${i}`, x.shape))
  const built = build(xs)
  const outputs = built instanceof Tensor ? [built] : built
  const terms = outputs.map((y, i) =>
    sum(mul(y, values(`c${i}`, y.shape, randomTensor(`c${i}`, y.shape).data))),
  )
  const loss = terms.reduce((a, b) => add(a, b))
  const grads = gradients(loss, xs)
  const session = await runtime.compile(
    await encodeGraph({ loss, ...Object.fromEntries(grads.map((g, i) => [`g${i}`, g])) }),
  )
  const feed = (data: readonly Float32Array[]) =>
    Object.fromEntries(at.map((x, i) => [`x${i}`, { shape: x.shape, data: data[i]! }]))
  const lossAt = async (data: readonly Float32Array[]) => (await session.run(feed(data))).loss!.data[0]!
  const base = at.map((x) => Float32Array.from(x.data))
  const analytic = await session.run(feed(base))
  let worst = 0
  for (const [i, x] of base.entries()) {
    const g = analytic[`g${i}`]!.data
    const scale = Math.max(1e-3, ...g.map(Math.abs))
    for (let k = 0; k < x.length; k++) {
      const held = x[k]!
      x[k] = held + step
      const up = x[k]!
      const plus = await lossAt(base)
      x[k] = held - step
      const down = x[k]!
      const minus = await lossAt(base)
      x[k] = held
      worst = Math.max(worst, Math.abs((plus - minus) / (up - down) - g[k]!) / scale)
    }
  }
  await session.release()
  return worst
}
