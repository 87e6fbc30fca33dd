/// <reference lib="esnext.disposable" preserve="true" />
import type { EncodedGraph, HostTensor } from '../graph/index.js'

/** Values by name. */
export type TensorMap = Readonly<Record<string, HostTensor>>

/** A compiled graph that can be run. One run at a time. */
export interface Session extends AsyncDisposable {
  /** What was compiled: names and shapes of inputs and outputs, operations per run. */
  readonly graph: Pick<EncodedGraph, 'inputs' | 'outputs' | 'flops'>
  /**
   * Computes the outputs from the inputs. Every input of the graph must be given in its shape; others are ignored.
   *
   * @throws GraphError when an input is missing or has another number of elements; ComputeError without memory, or
   *   where what computes has died
   */
  run(inputs: TensorMap): Promise<Record<string, HostTensor>>
  /** Frees it, as `await using` does; once more does nothing. */
  release(): Promise<void>
}

/** Where graphs are run: ONNX Runtime in this thread, in a worker, or in a browser. */
export interface Runtime extends AsyncDisposable {
  /**
   * What the bits of a result depend on beside graph, weights and inputs: engine, device, machine, threads. A runtime
   * without it has its results cached nowhere.
   */
  readonly signature?: string | undefined
  /** @throws ComputeError without memory, or where what computes cannot be had or has died */
  compile(graph: EncodedGraph): Promise<Session>
  /** Frees all sessions and ends workers, as `await using` does; sessions must not be used any more. */
  close(): Promise<void>
}

/** Adds what `await using` calls to something that is released. */
export const disposable = <T extends { release(): Promise<void> }>(it: T): T & AsyncDisposable =>
  Object.assign(it, { [Symbol.asyncDispose]: () => it.release() })
