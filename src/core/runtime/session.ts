/// <reference lib="esnext.disposable" preserve="true" />
import type { EncodedGraph, HostTensor } from '../graph/index.js'
import type { Precision } from './device.js'

/** Whole numbers, such as token ids, as stored models take them: row-major data of the given shape. */
export interface WholeTensor {
  readonly shape: readonly number[]
  readonly data: BigInt64Array
}

/** Values by name. */
export type TensorMap = Readonly<Record<string, HostTensor | WholeTensor>>

/** A size of an input that is the fed value's own: only stored models have such. */
export const OPEN = -1

/**
 * A model as a file has it, its weights within, to be compiled as it stands.
 *
 * @param onnx all of the file; given away, as it may be moved to the thread that computes
 * @param inputs shapes of what is fed, {@link OPEN} where a size is not fixed
 */
export const storedModel = (
  onnx: Uint8Array<ArrayBuffer>,
  inputs: Readonly<Record<string, readonly number[]>>,
): EncodedGraph => ({
  onnx,
  movable: true,
  inputs,
  outputs: {},
  files: [],
  weightBytes: 0,
  flops: 0,
  applications: 0,
  peakBytes: 0,
})

/** A compiled graph that can be run. One run at a time. */
export interface Session extends AsyncDisposable {
  /** What was compiled: names and shapes of inputs and outputs, operations per run. */
  readonly graph: Pick<EncodedGraph, 'inputs' | 'outputs' | 'flops'>
  /**
   * Computes the outputs from the inputs. Every input of the graph must be given in its shape; others are ignored. Sizes that
   * are {@link OPEN} are the value's own.
   *
   * An output `next.x` is not given back: it is what the next run reads as its input `x` where none is given, and stays on
   * the device until then. Runs of which nothing is given back need not be waited for by the device.
   *
   * @throws GraphError when an input is missing or has another number of elements; ComputeError without memory, or
   *   where what computes has died
   */
  run(inputs: TensorMap): Promise<Record<string, HostTensor>>
  /**
   * What the next run would read where it is not given: copies.
   *
   * @param names of carried inputs. Default: all
   */
  carried(names?: readonly string[]): Promise<Record<string, HostTensor>>
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
  /** Whether values that are carried from run to run stay on a device which it takes time to fetch them from. Default: no. */
  readonly carries?: boolean
  /** Default: fp32. */
  readonly precision?: Precision | undefined
  /** @throws ComputeError without memory, or where what computes cannot be had or has died */
  compile(graph: EncodedGraph): Promise<Session>
  /** Frees all sessions and ends workers, as `await using` does; sessions must not be used any more. */
  close(): Promise<void>
}

/** Adds what `await using` calls to something that is released. */
export const disposable = <T extends { release(): Promise<void> }>(it: T): T & AsyncDisposable =>
  Object.assign(it, { [Symbol.asyncDispose]: () => it.release() })
