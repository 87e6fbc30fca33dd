import { bytesOf, type EncodedGraph } from '../graph/index.js'

/** Loads the graph's large constants, one after the other, into one buffer laid out as the model expects. */
export async function loadWeightsBuffer(graph: EncodedGraph): Promise<Uint8Array> {
  const buffer = new Uint8Array(graph.weightBytes)
  for (const { offset, load } of graph.weights) buffer.set(bytesOf(await load()), offset)
  return buffer
}
