import { type EncodedGraph, encodeGraph, input } from '../graph/index.js'

/** Prefix of the name of an output that is the next value of the input named behind it: see `Session.run`. */
export const NEXT = 'next.'

/** Prefix of the inputs of a model that gives back what it is fed. */
export const HELD = 'held.'

/** The inputs whose next values a graph computes. */
export const carriedInputs = ({ inputs, outputs }: Pick<EncodedGraph, 'inputs' | 'outputs'>): string[] =>
  Object.keys(inputs).filter((name) => Object.hasOwn(outputs, NEXT + name))

/**
 * A model that gives back what it is fed, for what a graph carries on a device: ONNX Runtime for Node ends the process where
 * values on a device are read otherwise. Undefined where the graph carries nothing.
 */
export async function readerOf(
  graph: Pick<EncodedGraph, 'inputs' | 'outputs'>,
): Promise<Uint8Array | undefined> {
  const names = carriedInputs(graph)
  if (names.length === 0) return undefined
  const held = names.map((name) => [name, input(HELD + name, graph.inputs[name]!)])
  return (await encodeGraph(Object.fromEntries(held))).onnx
}
