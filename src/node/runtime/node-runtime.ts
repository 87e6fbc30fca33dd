import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { env } from 'onnxruntime-node'
import type { EncodedGraph } from '../../core/graph/index.js'
import type { Runtime, Session } from '../../core/runtime/session.js'
import { loadWeightsBuffer } from '../../core/runtime/weights-buffer.js'
import { type OnnxOptions, OnnxSession } from './onnx-session.js'
import { processorKind } from './processor.js'
import { WorkerRuntime } from './worker-runtime.js'

/** Options of {@link nodeRuntime}. */
export interface NodeRuntimeOptions {
  /** Threads of one operator. Default: one a core. */
  readonly threads?: number
  /** Run in a worker thread, so that this thread stays free while ONNX Runtime computes. Default: true. */
  readonly worker?: boolean
  /** Keep packed copies of weights: slower to start, larger, a few percent faster to run. Default: false. */
  readonly prepack?: boolean
}

/** ONNX Runtime on the CPU of this machine. */
export function nodeRuntime({
  threads = availableParallelism(),
  worker = true,
  prepack = false,
}: NodeRuntimeOptions = {}): Runtime {
  // The worker's entry exists once the package is built; run from its sources it computes in this thread.
  const entry = new URL('./worker.js', import.meta.url)
  return worker && existsSync(entry)
    ? new WorkerRuntime(entry, { threads, prepack }, signatureOf({ threads, prepack }))
    : new InlineRuntime({ threads, prepack }, signatureOf({ threads, prepack }))
}

function signatureOf({ threads, prepack }: OnnxOptions): string {
  const machine = [process.platform, process.arch, processorKind()]
  return ['onnxruntime', env.versions.node, 'cpu', ...machine, `${threads} threads`, prepack ? 'packed' : '']
    .join(' ')
    .trim()
}

/** Runs in the calling thread, which every run blocks. */
class InlineRuntime implements Runtime {
  constructor(
    private readonly options: OnnxOptions,
    readonly signature: string,
  ) {}

  async compile(graph: EncodedGraph): Promise<Session> {
    const weights = await loadWeightsBuffer(graph)
    const session = await OnnxSession.create(
      { onnx: graph.onnx, weights, inputs: graph.inputs },
      this.options,
    )
    return { graph, run: (inputs) => session.run(inputs), release: () => session.release() }
  }

  async close(): Promise<void> {}
}
