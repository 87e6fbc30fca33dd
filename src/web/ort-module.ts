import type * as OrtCommon from 'onnxruntime-common'
import { ConfigError } from '../core/errors.js'
import type { Ort } from '../core/runtime/ort.js'
import { isOffline } from './fetched.js'

/** What computes: WebAssembly on the processor, or the graphics processor by WebGPU. */
export type WebDevice = 'wasm' | 'webgpu'

/** A folder's address that ends in a slash, or the addresses of the `.wasm` file and its `.mjs` loader. */
export type WasmPaths = string | { readonly wasm?: string; readonly mjs?: string }

/** How ONNX Runtime is set up in a thread. */
export interface OrtSetup {
  readonly device: WebDevice
  readonly threads: number
  /** Where ONNX Runtime's own files lie; undefined: beside its script. */
  readonly wasmPaths: WasmPaths | undefined
}

type OrtModule = Pick<typeof OrtCommon, 'InferenceSession' | 'Tensor' | 'env'>

const loaded = new Map<WebDevice, Promise<Ort>>()

/**
 * The build of onnxruntime-web for a device. It starts once in a thread: the threads and paths of the first call hold.
 *
 * @throws ConfigError where the device cannot be had, or the package or its files are missing
 */
export async function loadOrt(setup: OrtSetup): Promise<Ort> {
  const { device } = setup
  if (device === 'webgpu') await checkWebGpu()
  const ort = loaded.get(device) ?? startOrt(setup)
  loaded.set(device, ort)
  // Whatever kept it from loading may be mended before the next call.
  ort.catch(() => loaded.delete(device))
  return ort
}

async function startOrt({ device, threads, wasmPaths }: OrtSetup): Promise<Ort> {
  const ort = await importOrt(device).catch((cause: Error) => {
    if (isOffline()) {
      throw new ConfigError('onnxruntime-web cannot be loaded, as this device is offline', {
        cause,
        hint: 'Connect and try again; a page for use without a connection keeps its scripts by a service worker.',
      })
    }
    throw new ConfigError(`onnxruntime-web cannot be loaded (${cause.message})`, {
      cause,
      hint: 'Install it beside promptsrc: npm install onnxruntime-web',
    })
  })
  ort.env.wasm.numThreads = threads
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths
  return {
    Tensor: ort.Tensor,
    InferenceSession: {
      create: (model, options) => ort.InferenceSession.create(model, options).catch(withoutBackend),
    },
  }
}

/** The build with WebGPU is twice as large: it is loaded only where it was asked for. */
const importOrt = (device: WebDevice): Promise<OrtModule> =>
  device === 'webgpu' ? import('onnxruntime-web/webgpu') : import('onnxruntime-web/wasm')

function withoutBackend(cause: Error): never {
  if (!cause.message?.startsWith('no available backend')) throw cause
  throw new ConfigError(`ONNX Runtime does not start: ${cause.message}`, {
    cause,
    hint: 'Serve the files of onnxruntime-web/dist, and say where they are by wasmPaths.',
  })
}

interface Adapter {
  readonly isFallbackAdapter?: boolean
  readonly info?: { readonly isFallbackAdapter?: boolean; readonly architecture?: string }
}

interface Gpu {
  requestAdapter(): Promise<Adapter | null>
}

/** What this browser has of WebGPU. */
export async function findAdapter(): Promise<'no WebGPU' | 'none' | 'software' | 'hardware'> {
  const { gpu } = (globalThis.navigator ?? {}) as { gpu?: Gpu }
  if (!gpu) return 'no WebGPU'
  const adapter = await gpu.requestAdapter().catch(() => null)
  if (!adapter) return 'none'
  const { info, isFallbackAdapter = info?.isFallbackAdapter ?? false } = adapter
  return isFallbackAdapter || info?.architecture === 'swiftshader' ? 'software' : 'hardware'
}

async function checkWebGpu(): Promise<void> {
  const adapter = await findAdapter()
  if (adapter !== 'no WebGPU' && adapter !== 'none') return
  throw new ConfigError(
    adapter === 'none'
      ? 'device webgpu: this browser finds no graphics processor that it would use'
      : 'device webgpu: this browser has no WebGPU, or the page is not served by https',
    { hint: "Take device 'wasm', or a current Chrome, Edge or Safari." },
  )
}
