import { bytesOf, type EncodedGraph } from '../graph/index.js'
import { outOfMemory } from './failures.js'

/**
 * Loads the graph's large constants, one after the other, into one buffer laid out as the model expects: in place where
 * they can be.
 *
 * @throws ComputeError where memory does not suffice
 */
export async function loadWeightsBuffer(graph: EncodedGraph): Promise<Uint8Array> {
  const buffer = allocate(graph.weightBytes)
  for (const { offset, size, dtype, load } of graph.weights) {
    const into = dtype === 'float32' ? new Float32Array(buffer.buffer, offset, size) : undefined
    const values = await load(into)
    if (values !== into) buffer.set(bytesOf(values), offset)
  }
  return buffer
}

function allocate(bytes: number): Uint8Array {
  try {
    return new Uint8Array(bytes)
  } catch (error) {
    throw outOfMemory(`${Math.ceil(bytes / 2 ** 20)} MiB of weights`, error)
  }
}
