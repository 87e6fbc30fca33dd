import type { EncodedGraph, HostTensor } from '../graph/index.js'

/** Values by name. */
export type TensorMap = Readonly<Record<string, HostTensor>>

/** A compiled graph that can be run. One run at a time. */
export interface Session {
  /** What was compiled: names and shapes of inputs and outputs, operations per run. */
  readonly graph: Pick<EncodedGraph, 'inputs' | 'outputs' | 'flops'>
  /**
   * Computes the outputs from the inputs. Every input of the graph must be given in its shape; others are ignored.
   * Throws GraphError when an input is missing or has another number of elements.
   */
  run(inputs: TensorMap): Promise<Record<string, HostTensor>>
  release(): Promise<void>
}

/** Where graphs are run: ONNX Runtime in this thread, in a worker, or in a browser. */
export interface Runtime {
  /**
   * What the bits of a result depend on beside graph, weights and inputs: engine, machine, threads. A runtime without it
   * has its results cached nowhere.
   */
  readonly signature?: string | undefined
  compile(graph: EncodedGraph): Promise<Session>
  /** Ends workers; sessions of this runtime must not be used any more. */
  close(): Promise<void>
}
