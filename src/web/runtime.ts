import { ComputeError } from '../core/errors.js'
import { threadEnded } from '../core/runtime/failures.js'
import { OrtRuntime } from '../core/runtime/ort.js'
import { type ComputeThread, RemoteRuntime, type Reply, type ThreadEvents } from '../core/runtime/remote.js'
import type { Runtime } from '../core/runtime/session.js'
import { loadOrt, type OrtSetup, type WasmPaths, type WebDevice } from './ort-module.js'

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
 * Compiling a graph throws ConfigError where the device cannot be had or ONNX Runtime's files are not found, and
 * ComputeError where memory does not suffice or the worker fails.
 */
export function webRuntime(options: WebRuntimeOptions = {}): Runtime {
  return runtimeOn(options.device ?? 'wasm', options)
}

/**
 * {@link webRuntime} on another device than its build of ONNX Runtime is for: that for WebGPU can compute on the processor, too.
 */
export function runtimeOn(provider: WebDevice, options: WebRuntimeOptions): Runtime {
  const { device = 'wasm', threads = defaultThreads(), wasmPaths, worker } = options
  const setup: OrtSetup = { device, threads, wasmPaths: wasmPaths && absolute(wasmPaths) }
  const ort = { providers: [provider], threads, prepack: false }
  return worker
    ? new RemoteRuntime((events) => webWorker(worker(), setup, events), ort)
    : new OrtRuntime(() => loadOrt(setup), ort)
}

/** See {@link WebRuntimeOptions}. */
export function defaultThreads(): number {
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

function webWorker(worker: Worker, setup: OrtSetup, { reply, death }: ThreadEvents): ComputeThread {
  worker.onmessage = ({ data }: MessageEvent<Reply>) => reply(data)
  worker.onmessageerror = () => death(threadEnded(new Error('a message could not be read')))
  worker.onerror = (event) => {
    event.preventDefault()
    worker.terminate()
    death(event.message ? threadEnded(new Error(event.message)) : scriptMissing())
  }
  worker.postMessage(setup)
  return {
    post: (request, transfer) => worker.postMessage(request, transfer),
    busy() {},
    async end() {
      worker.terminate()
    },
  }
}

const scriptMissing = (): ComputeError =>
  new ComputeError('the script of the worker that computes cannot be loaded', {
    hint: 'Bundle promptsrc/web/worker as a script of its own, and check the address that the worker is started with.',
  })
