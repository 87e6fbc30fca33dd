import type { EncodedGraph } from '../graph/index.js'

/** Loads the graph's large constants, one after the other, into one buffer laid out as the model expects. */
export async function loadWeightsBuffer(graph: EncodedGraph): Promise<Uint8Array> {
  const buffer = new ArrayBuffer(graph.weightBytes)
  for (const { offset, size, load } of graph.weights) new Float32Array(buffer, offset, size).set(await load())
  return new Uint8Array(buffer)
}
