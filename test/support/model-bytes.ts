import * as ort from 'onnxruntime-node'
import type { ByteStream } from '../../src/core/graph/onnx.js'

/** All of a file that is written piece by piece. */
export async function bytesOfStream({ size, chunks }: ByteStream): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let at = 0
  for await (const chunk of chunks()) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  if (at !== size) throw new Error(`${at} bytes of ${size}`)
  return bytes
}

/** Runs a model that stands alone, as another program would. */
export async function runModel(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, { shape: readonly number[]; data: Float32Array | BigInt64Array }>>,
): Promise<Record<string, { shape: readonly number[]; data: Float32Array }>> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 })
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [
      name,
      data instanceof Float32Array
        ? new ort.Tensor('float32', data, shape)
        : new ort.Tensor('int64', data, shape),
    ]),
  )
  const results = await session.run(tensors)
  await session.release()
  return Object.fromEntries(
    Object.entries(results).map(([name, { dims, data }]) => [
      name,
      { shape: dims, data: data as Float32Array },
    ]),
  )
}
