import type { InferenceSession, Tensor } from 'onnxruntime-common'
import { type EncodedGraph, GraphError, type HostTensor, sizeOf } from '../graph/index.js'
import { closedError, rethrow } from './failures.js'
import { type KeptWeights, type LoadedModel, withWeights } from './load-weights.js'
import { disposable, OPEN, type Runtime, type Session, type TensorMap } from './session.js'

/** What is used of ONNX Runtime's JavaScript API; `onnxruntime-node` and `onnxruntime-web` both are one. */
export interface Ort {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>
  }
  readonly Tensor: {
    new (type: 'float32', data: Float32Array, dims: readonly number[]): Tensor
    new (type: 'int64', data: BigInt64Array, dims: readonly number[]): Tensor
  }
}

/** A graph whose weights are loaded: what crosses to the thread that runs it. */
export interface CompiledModel extends LoadedModel {
  readonly inputs: Readonly<Record<string, readonly number[]>>
}

/** Options of every session. */
export interface OrtOptions {
  /** ONNX Runtime's execution providers, the preferred one first. */
  readonly providers: readonly string[]
  /** Threads of one operator; 0 lets ONNX Runtime take one a physical core. */
  readonly threads: number
  /**
   * Keep a packed copy of every weight: at ViT-B/16 it costs 3 seconds and a gigabyte at the start and gains a few
   * percent a step.
   */
  readonly prepack: boolean
  /**
   * Threads that wait for work keep a core busy meanwhile, which is quicker on an idle machine and several times slower
   * on a busy one. Bits are the same. Default: true.
   */
  readonly spin?: boolean
}

/** A session on the thread that made it. */
export interface OrtSession {
  /** @throws GraphError when an input is missing or has another number of elements; ComputeError without memory */
  run(values: TensorMap): Promise<Record<string, HostTensor>>
  /** Frees it; once more does nothing. */
  release(): Promise<void>
}

/** The last call on each module. ONNX Runtime for browsers can neither load nor run two models at the same time. */
const lastCalls = new WeakMap<Ort, Promise<unknown>>()

function inTurn<T>(ort: Ort, call: () => Promise<T>): Promise<T> {
  const turn = (lastCalls.get(ort) ?? Promise.resolve()).then(call)
  lastCalls.set(
    ort,
    turn.catch(() => {}),
  )
  return turn
}

/**
 * The one place that makes sessions. They run on the calling thread, and all calls on one module follow one another.
 */
export class OrtSessions {
  private readonly open = new Set<OrtSession>()

  /** @param ort the module: `import * as ort from 'onnxruntime-web'` */
  constructor(
    private readonly ort: Ort,
    private readonly options: OrtOptions,
  ) {}

  /** @throws ComputeError where memory does not suffice, GraphError where ONNX Runtime refuses the model */
  async create({ onnx, weights, folder, inputs }: CompiledModel): Promise<OrtSession> {
    const { ort, open } = this
    const { providers, threads, prepack, spin = true } = this.options
    const made = await inTurn(ort, () =>
      ort.InferenceSession.create(onnx, {
        executionProviders: providers,
        graphOptimizationLevel: 'extended',
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        // Planning one arena pattern for a step of many sizes costs half a gigabyte at ViT-B/16 and gains no time.
        enableMemPattern: false,
        extra: {
          session: {
            disable_prepacking: prepack ? '0' : '1',
            intra_op: { allow_spinning: spin ? '1' : '0' },
            ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder }),
          },
        },
        // Warnings of ONNX Runtime are about nodes it folds; errors arrive as exceptions.
        logSeverityLevel: 4,
        externalData: weights,
      }).catch(rethrow),
    )
    let freed: Promise<void> | undefined
    const session: OrtSession = {
      async run(values) {
        const feeds = feedsOf(ort, inputs, values)
        const results = await inTurn(ort, async () => {
          if (freed) throw new GraphError('this session was released')
          return made.run(feeds).catch(rethrow)
        })
        const outputs: Record<string, HostTensor> = {}
        for (const [name, tensor] of Object.entries(results)) {
          outputs[name] = { shape: tensor.dims, data: tensor.data as Float32Array }
        }
        return outputs
      },
      release() {
        open.delete(session)
        freed ??= inTurn(ort, () => made.release())
        return freed
      },
    }
    open.add(session)
    return session
  }

  /** Frees what is not yet freed. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.open].map((session) => session.release()))
  }
}

function feedsOf(ort: Ort, inputs: CompiledModel['inputs'], values: TensorMap): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {}
  for (const [name, shape] of Object.entries(inputs)) {
    const value = values[name]
    if (!value) throw new GraphError(`input ${name} was not given`)
    const { data } = value
    const own = shape.map((size, i) => (size === OPEN ? value.shape[i]! : size))
    if (data.length !== sizeOf(own)) {
      throw new GraphError(`input ${name}: ${data.length} values for shape [${own}]`)
    }
    feeds[name] =
      data instanceof BigInt64Array
        ? new ort.Tensor('int64', data, own)
        : new ort.Tensor('float32', data, own)
  }
  return feeds
}

/** Runs graphs on the calling thread, which Node is blocked by and a page is not free during. */
export class OrtRuntime implements Runtime {
  private sessions: Promise<OrtSessions> | undefined
  private closed = false

  /**
   * @param load gives the module when it is first needed
   * @param signature see {@link Runtime}
   * @param kept files that later processes find; only where the module reads files
   */
  constructor(
    private readonly load: () => Promise<Ort>,
    private readonly options: OrtOptions,
    readonly signature?: string,
    private readonly kept?: KeptWeights,
  ) {}

  async compile(graph: EncodedGraph): Promise<Session> {
    if (this.closed) throw closedError()
    this.sessions ??= this.load().then((ort) => new OrtSessions(ort, this.options))
    const sessions = await this.sessions
    const { inputs, outputs, flops } = graph
    const session = await withWeights(graph, this.kept, (model) => sessions.create({ ...model, inputs }))
    return disposable({
      graph: { inputs, outputs, flops },
      run: (values: TensorMap) => session.run(values),
      release: () => session.release(),
    })
  }

  async close(): Promise<void> {
    this.closed = true
    await (await this.sessions)?.releaseAll()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
