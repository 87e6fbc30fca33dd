import type { InferenceSession, Tensor } from 'onnxruntime-common'
import { type EncodedGraph, GraphError, type HostTensor, sizeOf } from '../graph/index.js'
import { carriedInputs, HELD, NEXT, readerOf } from './carried.js'
import type { Precision } from './device.js'
import { closedError, rethrow } from './failures.js'
import { inPrecision } from './half-products.js'
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
  /** See `readerOf`. */
  readonly reader: Uint8Array | undefined
  readonly inputs: Readonly<Record<string, readonly number[]>>
  readonly outputs: Readonly<Record<string, readonly number[]>>
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
  /** Default: fp32. */
  readonly precision?: Precision | undefined
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
  /** See {@link Session.carried}. */
  carried(names?: readonly string[]): Promise<Record<string, HostTensor>>
  /** Frees it; once more does nothing. */
  release(): Promise<void>
}

/** Whether the device of these options keeps outputs in its own memory: of those there are, WebGPU by its buffers. */
export const keepsOutputs = ({ providers: [provider] }: OrtOptions): boolean => provider === 'webgpu'

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
  async create(model: CompiledModel): Promise<OrtSession> {
    const { ort, open } = this
    const names = carriedInputs(model)
    const kept = keepsOutputs(this.options) ? names.map((name) => NEXT + name) : []
    const made = await inTurn(ort, () => this.load(model, kept))
    /** Inputs by the outputs that are their next values. */
    const carried = new Map(names.map((name) => [NEXT + name, name]))
    const held = new Map<string, Tensor>()
    let reader: InferenceSession | undefined
    let freed: Promise<void> | undefined
    const call = <T>(work: () => Promise<T>): Promise<T> =>
      inTurn(ort, async () => {
        if (freed) throw new GraphError('the session was released')
        return work()
      }).catch(rethrow)
    const session: OrtSession = {
      run: (values) =>
        call(async () => {
          const results = Object.entries(await made.run(feedsOf(ort, model.inputs, values, held)))
          for (const [output, tensor] of results) {
            const name = carried.get(output)
            if (name === undefined) continue
            held.get(name)?.dispose()
            held.set(name, tensor)
          }
          return hostTensors(results.filter(([output]) => !carried.has(output)))
        }),
      carried: (asked = names) =>
        call(async () => {
          const wanted = names.filter((name) => held.has(name) && asked.includes(name))
          const first = held.get(wanted[0] ?? '')
          if (first?.location !== 'gpu-buffer') return copied(wanted.map((name) => [name, held.get(name)!]))
          reader ??= await this.load({ ...NO_WEIGHTS, onnx: model.reader! })
          const feeds = Object.fromEntries(names.map((name) => [HELD + name, held.get(name)!]))
          return copied(Object.entries(await reader.run(feeds, wanted)))
        }),
      release() {
        open.delete(session)
        freed ??= inTurn(ort, async () => {
          for (const tensor of held.values()) tensor.dispose()
          await reader?.release()
          await made.release()
        })
        return freed
      },
    }
    open.add(session)
    return session
  }

  /** @param kept outputs that stay on the device; all others are fetched */
  private load(
    { onnx, weights, folder, outputs }: Pick<CompiledModel, 'onnx' | 'weights' | 'folder' | 'outputs'>,
    kept: readonly string[] = [],
  ): Promise<InferenceSession> {
    const { providers, threads, prepack, spin = true } = this.options
    const places = Object.keys(outputs).map(
      (name) => [name, kept.includes(name) ? 'gpu-buffer' : 'cpu'] as const,
    )
    return this.ort.InferenceSession.create(onnx, {
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
      ...(kept.length > 0 ? { preferredOutputLocation: Object.fromEntries(places) } : {}),
    }).catch(rethrow)
  }

  /** Frees what is not yet freed. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.open].map((session) => session.release()))
  }
}

const NO_WEIGHTS = { weights: [], folder: undefined, outputs: {} } as const

/** @param held what the runs before have left for inputs that are not given */
function feedsOf(
  ort: Ort,
  inputs: CompiledModel['inputs'],
  values: TensorMap,
  held: ReadonlyMap<string, Tensor>,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {}
  for (const [name, shape] of Object.entries(inputs)) {
    const value = values[name]
    if (!value) {
      const left = held.get(name)
      if (!left) throw new GraphError(`input ${name} was not given`)
      feeds[name] = left
      continue
    }
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

type Named<T> = readonly (readonly [name: string, value: T])[]

const hostTensors = (tensors: Named<Tensor>): Record<string, HostTensor> =>
  Object.fromEntries(
    tensors.map(([name, { dims, data }]) => [name, { shape: dims, data: data as Float32Array }]),
  )

const copied = (tensors: Named<Tensor>): Record<string, HostTensor> =>
  Object.fromEntries(
    tensors.map(([name, { dims, data }]) => [name, { shape: dims, data: (data as Float32Array).slice() }]),
  )

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

  get carries(): boolean {
    return keepsOutputs(this.options)
  }

  get precision(): Precision | undefined {
    return this.options.precision
  }

  async compile(graph: EncodedGraph): Promise<Session> {
    if (this.closed) throw closedError()
    this.sessions ??= this.load().then((ort) => new OrtSessions(ort, this.options))
    const sessions = await this.sessions
    const { inputs, outputs, flops } = graph
    const reader = await readerOf(graph)
    const session = await withWeights(await inPrecision(graph, this.precision), this.kept, (model) =>
      sessions.create({ ...model, inputs, outputs, reader }),
    )
    return disposable({
      graph: { inputs, outputs, flops },
      run: (values: TensorMap) => session.run(values),
      carried: (names?: readonly string[]) => session.carried(names),
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
