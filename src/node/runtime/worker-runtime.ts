import { Worker } from 'node:worker_threads'
import { type EncodedGraph, GraphError, type HostTensor } from '../../core/graph/index.js'
import type { Runtime, Session } from '../../core/runtime/session.js'
import { loadWeightsBuffer } from '../../core/runtime/weights-buffer.js'
import type { OnnxOptions } from './onnx-session.js'
import type { Reply, Request } from './worker-protocol.js'

type Outputs = Record<string, HostTensor>
type Body = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never

/** Runs sessions in one worker thread, started with the first session. */
export class WorkerRuntime implements Runtime {
  private worker: Worker | undefined
  private nextId = 0
  private readonly pending = new Map<number, { resolve: (o: Outputs) => void; reject: (e: Error) => void }>()

  constructor(
    private readonly entry: URL,
    private readonly options: OnnxOptions,
    readonly signature?: string,
  ) {}

  async compile(graph: EncodedGraph): Promise<Session> {
    const weights = await loadWeightsBuffer(graph)
    const session = this.nextId++
    const model = { onnx: graph.onnx, weights, inputs: graph.inputs }
    // The weights move to the worker; they are not copied.
    await this.ask({ kind: 'compile', session, model, options: this.options }, [
      weights.buffer as ArrayBuffer,
    ])
    const { inputs, outputs, flops } = graph
    return {
      graph: { inputs, outputs, flops },
      run: (values) => this.ask({ kind: 'run', session, inputs: values }),
      release: async () => {
        if (this.worker) await this.ask({ kind: 'release', session })
      },
    }
  }

  async close(): Promise<void> {
    const { worker } = this
    this.worker = undefined
    await worker?.terminate()
  }

  private ask(body: Body, transfer: ArrayBuffer[] = []): Promise<Outputs> {
    this.worker ??= this.start()
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject })
      this.worker!.ref()
      this.worker!.postMessage({ id, ...body }, transfer)
    })
  }

  private start(): Worker {
    const worker = new Worker(this.entry)
    worker.on('message', (reply: Reply) => {
      const waiting = this.pending.get(reply.id)
      this.pending.delete(reply.id)
      // An idle worker must not keep the process alive.
      if (this.pending.size === 0) worker.unref()
      if ('error' in reply) waiting?.reject(new GraphError(reply.error))
      else waiting?.resolve(reply.outputs ?? {})
    })
    const fail = (error: Error) => {
      for (const { reject } of this.pending.values()) reject(error)
      this.pending.clear()
    }
    worker.on('error', fail)
    worker.on('exit', () => fail(new GraphError('the worker thread has ended')))
    return worker
  }
}
