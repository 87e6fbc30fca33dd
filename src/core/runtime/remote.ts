import type { EncodedGraph, HostTensor } from '../graph/index.js'
import { readerOf } from './carried.js'
import type { Precision } from './device.js'
import { closedError, receivedError, type SentError, sentError } from './failures.js'
import { inPrecision } from './half-products.js'
import { type KeptWeights, withWeights } from './load-weights.js'
import {
  type CompiledModel,
  keepsOutputs,
  type Ort,
  type OrtOptions,
  type OrtSession,
  OrtSessions,
} from './ort.js'
import { disposable, type Runtime, type Session, type TensorMap } from './session.js'

/** Requests to the thread that computes; each is answered by one reply of the same id. */
export type Request =
  | { id: number; kind: 'compile'; session: number; model: CompiledModel; options: OrtOptions }
  | { id: number; kind: 'run'; session: number; inputs: TensorMap }
  | { id: number; kind: 'carried'; session: number; names: readonly string[] | undefined }
  | { id: number; kind: 'release'; session: number }

/** See {@link Request}. */
export type Reply = { id: number; outputs?: Record<string, HostTensor> } | { id: number; error: SentError }

type Body = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never
type Outputs = Record<string, HostTensor>

/** A started thread, as the one that started it sees it. */
export interface ComputeThread {
  post(request: Request, transfer: ArrayBuffer[]): void
  /** Whether calls are waiting for it; an idle thread must not keep a process alive. */
  busy(waiting: boolean): void
  end(): Promise<void>
}

/** What a thread tells. */
export interface ThreadEvents {
  reply(reply: Reply): void
  /** It is no more, and why; said once or more. */
  death(error: Error): void
}

/** Runs sessions on another thread, started with the first session, so that the calling one stays free. */
export class RemoteRuntime implements Runtime {
  private thread: ComputeThread | undefined
  /** Why no call is answered any more. */
  private over: Error | undefined
  private nextId = 0
  private readonly pending = new Map<number, { resolve: (o: Outputs) => void; reject: (e: Error) => void }>()

  /**
   * @param start starts the thread, which answers by {@link answerRequests}
   * @param signature see {@link Runtime}
   * @param kept see {@link OrtRuntime}
   */
  constructor(
    private readonly start: (events: ThreadEvents) => ComputeThread,
    private readonly options: OrtOptions,
    readonly signature?: string,
    private readonly kept?: KeptWeights,
  ) {}

  get carries(): boolean {
    return keepsOutputs(this.options)
  }

  get precision(): Precision | undefined {
    return this.options.precision
  }

  /** @throws ComputeError where the thread has died; calls of its sessions throw it as well */
  async compile(graph: EncodedGraph): Promise<Session> {
    if (this.over) throw this.over
    const { inputs, outputs, flops } = graph
    const reader = await readerOf(graph)
    const session = await withWeights(await inPrecision(graph, this.precision), this.kept, async (loaded) => {
      const session = this.nextId++
      const model = { ...loaded, inputs, outputs, reader }
      // The weights move to the thread; they are not copied.
      await this.ask({ kind: 'compile', session, model, options: this.options }, [
        ...loaded.weights.map(({ data }) => data.buffer as ArrayBuffer),
        ...(graph.movable ? [graph.onnx.buffer as ArrayBuffer] : []),
      ])
      return session
    })
    return disposable({
      graph: { inputs, outputs, flops },
      run: (values: TensorMap) => this.ask({ kind: 'run', session, inputs: readBy(graph, values) }),
      carried: (names?: readonly string[]) => this.ask({ kind: 'carried', session, names }),
      release: async () => {
        // A thread that is no more holds nothing.
        if (this.over) return
        await this.ask({ kind: 'release', session }).catch((error: unknown) => {
          if (!this.over) throw error
        })
      },
    })
  }

  async close(): Promise<void> {
    this.fail(closedError())
    await this.thread?.end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  private ask(body: Body, transfer: ArrayBuffer[] = []): Promise<Outputs> {
    if (this.over) return Promise.reject(this.over)
    this.thread ??= this.start({
      reply: (reply) => this.settle(reply),
      death: (error) => this.fail(error),
    })
    const { thread } = this
    const id = this.nextId++
    return new Promise((resolve, reject) => {
      thread.post({ id, ...body }, transfer)
      this.pending.set(id, { resolve, reject })
      thread.busy(true)
    })
  }

  private settle(reply: Reply): void {
    const waiting = this.pending.get(reply.id)
    this.pending.delete(reply.id)
    if (this.pending.size === 0) this.thread?.busy(false)
    if ('error' in reply) waiting?.reject(receivedError(reply.error))
    else waiting?.resolve(reply.outputs ?? {})
  }

  private fail(error: Error): void {
    this.over ??= error
    for (const { reject } of this.pending.values()) reject(this.over)
    this.pending.clear()
  }
}

/** The values that a graph reads: others would be copied to the thread for nothing. */
function readBy({ inputs }: EncodedGraph, values: TensorMap): TensorMap {
  return Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(inputs, name)))
}

/**
 * What the thread that computes does: it holds the sessions and answers one request after the other.
 *
 * @returns to be given every message that arrives
 */
export function answerRequests(ort: Ort, post: (reply: Reply) => void): (request: Request) => void {
  const sessions = new Map<number, OrtSession>()
  async function handle(request: Request): Promise<Reply> {
    const { id } = request
    switch (request.kind) {
      case 'compile':
        sessions.set(request.session, await new OrtSessions(ort, request.options).create(request.model))
        return { id }
      case 'run':
        return { id, outputs: await sessions.get(request.session)!.run(request.inputs) }
      case 'carried':
        return { id, outputs: await sessions.get(request.session)!.carried(request.names) }
      case 'release':
        await sessions.get(request.session)?.release()
        sessions.delete(request.session)
        return { id }
    }
  }
  let queue: Promise<void> = Promise.resolve()
  return (request) => {
    queue = queue.then(async () => {
      post(await handle(request).catch((error: unknown) => ({ id: request.id, error: sentError(error) })))
    })
  }
}
