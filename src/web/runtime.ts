import { UserError } from '../core/errors.js'
import { type EncodedGraph, GraphError, type HostTensor } from '../core/graph/index.js'
import type { Runtime, Session } from '../core/runtime/session.js'
import { loadWeightsBuffer } from '../core/runtime/weights-buffer.js'
import { createOrtSession, type OrtOptions, type WasmPaths, type WebDevice } from './ort-sessions.js'
import { errorOf, type Reply, type Request } from './session-port.js'

/** Options of {@link webRuntime}. */
export interface WebRuntimeOptions {
  /** Default: `wasm`, which every browser has. */
  readonly device?: WebDevice
  /**
   * Threads of one operator. Default: half of the processors, at most 4, where the page is cross-origin isolated, else
   * 1: without isolation WebAssembly has no threads.
   */
  readonly threads?: number
  /**
   * Where the files of `onnxruntime-web/dist` are served. Default: beside the script, which is where they are when
   * `onnxruntime-web` is not bundled, and where some bundlers put them.
   */
  readonly wasmPaths?: WasmPaths
  /**
   * Starts a worker with the script `promptsrc/web/worker`, in which everything is then computed, so that the page
   * stays alive. It is started with the first session and ended by `close`. Default: computes in the calling thread.
   */
  readonly worker?: () => Worker
}

/**
 * ONNX Runtime in a browser, by `onnxruntime-web`. Sessions load and run one after the other.
 *
 * @throws ConfigError (when the first graph is compiled) where the device cannot be had
 */
export function webRuntime(options: WebRuntimeOptions = {}): Runtime {
  const { device = 'wasm', threads = defaultThreads(), wasmPaths, worker } = options
  const ort: OrtOptions = { device, threads, wasmPaths: wasmPaths && absolute(wasmPaths) }
  return worker ? new WorkerRuntime(worker, ort) : new PageRuntime(ort)
}

function defaultThreads(): number {
  const { crossOriginIsolated = false, navigator } = globalThis as Partial<Window & typeof globalThis>
  return crossOriginIsolated ? Math.max(1, Math.min(4, (navigator?.hardwareConcurrency ?? 1) >> 1)) : 1
}

/** A worker would resolve addresses against its own script. */
function absolute(paths: WasmPaths): WasmPaths {
  const base = (globalThis as Partial<typeof globalThis>).location?.href
  const resolve = (path: string) => (base === undefined ? path : new URL(path, base).href)
  if (typeof paths === 'string') return resolve(paths)
  return Object.fromEntries(Object.entries(paths).map(([key, path]) => [key, resolve(path)]))
}

/** Computes in the calling thread, which every run blocks. */
class PageRuntime implements Runtime {
  private readonly open = new Set<Session>()

  constructor(private readonly options: OrtOptions) {}

  async compile(graph: EncodedGraph): Promise<Session> {
    const model = { onnx: graph.onnx, weights: await loadWeightsBuffer(graph), inputs: graph.inputs }
    const created = await createOrtSession(model, this.options)
    const session: Session = {
      graph: factsOf(graph),
      run: (inputs) => created.run(inputs),
      release: async () => {
        if (this.open.delete(session)) await created.release()
      },
    }
    this.open.add(session)
    return session
  }

  async close(): Promise<void> {
    for (const session of this.open) await session.release()
  }
}

type Outputs = Record<string, HostTensor>
type Body = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never

/** Computes in one worker, started with the first session. */
class WorkerRuntime implements Runtime {
  private worker: Worker | undefined
  private ended: Error | undefined
  private nextId = 0
  private readonly pending = new Map<number, { resolve: (o: Outputs) => void; reject: (e: Error) => void }>()

  constructor(
    private readonly start: () => Worker,
    private readonly options: OrtOptions,
  ) {}

  async compile(graph: EncodedGraph): Promise<Session> {
    const weights = await loadWeightsBuffer(graph)
    const session = this.nextId++
    const model = { onnx: graph.onnx, weights, inputs: graph.inputs }
    // The weights move to the worker; they are not copied.
    await this.ask({ kind: 'compile', session, model, options: this.options }, [
      weights.buffer as ArrayBuffer,
    ])
    return {
      graph: factsOf(graph),
      run: (inputs) => this.ask({ kind: 'run', session, inputs }),
      release: async () => {
        if (!this.ended) await this.ask({ kind: 'release', session })
      },
    }
  }

  async close(): Promise<void> {
    this.end(new GraphError('the runtime was closed'))
  }

  private ask(body: Body, transfer: ArrayBuffer[] = []): Promise<Outputs> {
    if (this.ended) return Promise.reject(this.ended)
    this.worker ??= this.started()
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      this.pending.set(id, { resolve, reject })
      this.worker!.postMessage({ id, ...body }, transfer)
    })
  }

  private started(): Worker {
    const worker = this.start()
    worker.onmessage = ({ data: reply }: MessageEvent<Reply>) => {
      const waiting = this.pending.get(reply.id)
      this.pending.delete(reply.id)
      if ('error' in reply) waiting?.reject(errorOf(reply.error))
      else waiting?.resolve(reply.outputs ?? {})
    }
    worker.onerror = (event) => {
      event.preventDefault()
      const reason = event.message || 'its script cannot be loaded'
      this.end(
        new UserError(`the worker that computes has failed: ${reason}`, {
          hint: 'Check that its script is served (bundle promptsrc/web/worker), then load the model again.',
        }),
      )
    }
    return worker
  }

  /** Nothing is answered any more: whoever waits, and whoever asks later, hears why. */
  private end(reason: Error): void {
    this.ended ??= reason
    this.worker?.terminate()
    this.worker = undefined
    for (const { reject } of this.pending.values()) reject(reason)
    this.pending.clear()
  }
}

function factsOf({ inputs, outputs, flops }: EncodedGraph): Session['graph'] {
  return { inputs, outputs, flops }
}
