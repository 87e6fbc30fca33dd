import type * as Ort from 'onnxruntime-common'
import { ConfigError, UserError } from '../core/errors.js'
import { GraphError, type HostTensor, sizeOf, WEIGHTS_LOCATION } from '../core/graph/index.js'
import type { TensorMap } from '../core/runtime/session.js'

/** What computes: WebAssembly on the processor, or the graphics processor by WebGPU. */
export type WebDevice = 'wasm' | 'webgpu'

/** How ONNX Runtime is set up in one thread. */
export interface OrtOptions {
  readonly device: WebDevice
  /** Threads of one operator; more than one needs a page that is cross-origin isolated. */
  readonly threads: number
  /** Where ONNX Runtime's own files lie: a folder's address that ends in a slash, or the address of each. */
  readonly wasmPaths: WasmPaths | undefined
}

/** A folder's address that ends in a slash, or the addresses of the `.wasm` file and its `.mjs` loader. */
export type WasmPaths = string | { readonly wasm?: string; readonly mjs?: string }

/** What a session is made from. */
export interface CompiledModel {
  readonly onnx: Uint8Array
  readonly weights: Uint8Array
  readonly inputs: Readonly<Record<string, readonly number[]>>
}

/** A session of ONNX Runtime in this thread. */
export interface OrtSession {
  run(inputs: TensorMap): Promise<Record<string, HostTensor>>
  release(): Promise<void>
}

type OrtModule = Pick<typeof Ort, 'InferenceSession' | 'Tensor' | 'env'>

let turn: Promise<unknown> = Promise.resolve()

/** Sessions of onnxruntime-web must neither load nor run at the same time: whatever they do waits for its turn. */
function inTurn<T>(task: () => Promise<T>): Promise<T> {
  const result = turn.then(task)
  turn = result.catch(() => {})
  return result.catch((cause) => {
    throw explained(cause)
  })
}

/**
 * Makes a session in this thread. The settings of the first one hold for all later ones: ONNX Runtime starts once.
 *
 * @throws ConfigError when the device cannot be had, UserError when memory runs out
 */
export function createOrtSession(model: CompiledModel, options: OrtOptions): Promise<OrtSession> {
  return inTurn(async () => {
    const ort = await startedOrt(options)
    const session = await ort.InferenceSession.create(model.onnx, {
      executionProviders: [options.device],
      graphOptimizationLevel: 'extended',
      enableMemPattern: false,
      extra: { session: { disable_prepacking: '1' } },
      // Warnings of ONNX Runtime are about nodes it folds or computes elsewhere; errors arrive as exceptions.
      logSeverityLevel: 4,
      externalData: model.weights.length === 0 ? [] : [{ path: WEIGHTS_LOCATION, data: model.weights }],
    })
    return {
      run: (inputs) => inTurn(() => runSession(ort, session, model.inputs, inputs)),
      release: () => inTurn(() => session.release()),
    }
  })
}

async function runSession(
  ort: OrtModule,
  session: Ort.InferenceSession,
  shapes: CompiledModel['inputs'],
  inputs: TensorMap,
): Promise<Record<string, HostTensor>> {
  const feeds: Record<string, Ort.Tensor> = {}
  for (const [name, shape] of Object.entries(shapes)) {
    const value = inputs[name]
    if (!value) throw new GraphError(`input ${name} was not given`)
    if (value.data.length !== sizeOf(shape)) {
      throw new GraphError(`input ${name}: ${value.data.length} values for shape [${shape}]`)
    }
    feeds[name] = new ort.Tensor('float32', value.data, shape)
  }
  const results = await session.run(feeds)
  return Object.fromEntries(
    Object.entries(results).map(([name, { dims, data }]) => [
      name,
      { shape: dims, data: data as Float32Array },
    ]),
  )
}

let started: Promise<OrtModule> | undefined

async function startedOrt({ device, threads, wasmPaths }: OrtOptions): Promise<OrtModule> {
  if (device === 'webgpu') await checkWebGpu()
  started ??= (async () => {
    // The build with WebGPU is twice as large: it is loaded where it was asked for.
    const ort: OrtModule =
      device === 'webgpu' ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm')
    ort.env.wasm.numThreads = threads
    if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths
    return ort
  })()
  try {
    return await started
  } catch (cause) {
    started = undefined
    throw new ConfigError(`onnxruntime-web cannot be loaded (${(cause as Error).message})`, {
      cause,
      hint: 'Install it beside promptsrc: npm install onnxruntime-web',
    })
  }
}

interface Gpu {
  requestAdapter(): Promise<object | null>
}

async function checkWebGpu(): Promise<void> {
  const { gpu } = (globalThis.navigator ?? {}) as { gpu?: Gpu }
  const adapter = await gpu?.requestAdapter()
  if (adapter) return
  throw new ConfigError(
    gpu
      ? 'device webgpu: this browser finds no graphics processor it would use'
      : 'device webgpu: this browser has no WebGPU, or the page is not served by https',
    { hint: "Use device 'wasm', or a current Chrome, Edge or Safari." },
  )
}

/** Of what ONNX Runtime throws, memory is what a user can do something about. */
function explained(cause: unknown): unknown {
  if (cause instanceof UserError || cause instanceof GraphError) return cause
  const text = cause instanceof Error ? cause.message : String(cause)
  if (
    !/bad_alloc|out of memory|OOM|allocation fail|memory access out of bounds|no available backend/i.test(
      text,
    )
  ) {
    return cause instanceof Error ? cause : new GraphError(`ONNX Runtime: ${text}`)
  }
  if (/no available backend/i.test(text)) {
    return new ConfigError(`ONNX Runtime could not start: ${text}`, {
      cause,
      hint: 'Serve the files of onnxruntime-web/dist and name their folder by wasmPaths.',
    })
  }
  return new UserError(`out of memory: ${text}`, {
    cause,
    hint: 'Take a smaller batch, fewer classes or a smaller model; WebAssembly has at most 4 GB.',
  })
}
