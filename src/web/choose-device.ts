import { counted } from '../core/counted.js'
import { encodeGraph, type HostTensor } from '../core/graph/index.js'
import { type Agreement, agreement, checkGraph } from '../core/runtime/check-graph.js'
import { findAdapter, type WebDevice } from './ort-module.js'
import { defaultThreads, runtimeOn, type WebRuntimeOptions } from './runtime.js'

/** What computes best and right, for `webRuntime`, and why. */
export interface DeviceDecision {
  readonly device: WebDevice
  /** Threads on the processor. */
  readonly threads: number
  /** Why WebGPU is taken or not, and why so many threads, in a sentence each. */
  readonly reasons: readonly string[]
  /** How far WebGPU's values of a small step of training are from those of WebAssembly; undefined where it was not run. */
  readonly webgpu?: Agreement | undefined
}

/** Options of {@link chooseDevice}. */
export interface ChooseDeviceOptions extends Pick<WebRuntimeOptions, 'threads' | 'wasmPaths' | 'worker'> {
  /** Take a WebGPU that is computed in software as well, which is slower than WebAssembly; for tests. */
  readonly software?: boolean
}

/** A graphics processor makes its programs for the small step in a second or two. */
const PATIENCE = 30_000

type Outputs = Readonly<Record<string, HostTensor>>

/** What is asked of the browser. */
export interface DeviceProbe {
  readonly threads: number
  /** Whether the page is cross-origin isolated. */
  readonly isolated: boolean
  readonly adapter: 'no WebGPU' | 'none' | 'software' | 'hardware'
  /** Milliseconds that WebGPU is given. Default: no limit. */
  readonly patience?: number | undefined
  /** Outputs of the check graph, computed by the build for WebGPU on either. */
  run(provider: WebDevice): Promise<Outputs>
}

/**
 * WebGPU where it is there and computes right, else WebAssembly, on several threads where the page is cross-origin isolated.
 * Some drivers compute wrong without an error: a small step of training (layer norm, attention with its softmax, GELU with
 * its erf, matrix products, cross-entropy and their gradients) is computed on both, and WebGPU is taken where no
 * output differs by more than 1e-4 of that output's largest value.
 *
 * The test loads the build of ONNX Runtime for WebGPU (27 MB), only where the browser has an adapter.
 */
export async function chooseDevice({
  software,
  ...options
}: ChooseDeviceOptions = {}): Promise<DeviceDecision> {
  const { crossOriginIsolated: isolated = false } = globalThis as Partial<Window & typeof globalThis>
  const threads = options.threads ?? defaultThreads()
  const adapter = await findAdapter()
  const known = adapter === 'software' && software ? 'hardware' : adapter
  return decideDevice({
    threads,
    isolated,
    adapter: known,
    patience: software ? undefined : PATIENCE,
    async run(provider) {
      const { outputs, inputs } = checkGraph()
      const runtime = runtimeOn(provider, { ...options, threads, device: 'webgpu' })
      try {
        return await (await runtime.compile(await encodeGraph(outputs))).run(inputs)
      } finally {
        await runtime.close()
      }
    },
  })
}

/** {@link chooseDevice} of what was found. */
export async function decideDevice({
  threads,
  isolated,
  adapter,
  patience,
  run,
}: DeviceProbe): Promise<DeviceDecision> {
  const onProcessor = isolated
    ? `The page is cross-origin isolated: ${counted(threads, 'thread')}.`
    : 'The page is not cross-origin isolated: WebAssembly has one thread.'
  const wasm = (why: string, webgpu?: Agreement): DeviceDecision => ({
    device: 'wasm',
    threads: isolated ? threads : 1,
    reasons: [why, onProcessor],
    webgpu,
  })
  if (adapter === 'no WebGPU') return wasm('The browser has no WebGPU, or the page is not served by https.')
  if (adapter === 'none') return wasm('The browser finds no graphics processor that it would use.')
  if (adapter === 'software')
    return wasm('The WebGPU of this browser is computed in software, which is slower.')
  let found: Agreement
  try {
    const expected = await run('wasm')
    found = agreement(await within(patience, run('webgpu')), expected)
  } catch (error) {
    return wasm(`WebGPU fails a small step of training (${(error as Error).message}).`)
  }
  const error = `${found.worstError.toExponential(1)} in ${found.worstOutput}`
  if (!found.agrees) {
    return wasm(
      `WebGPU computes a small step of training wrong: it is off by ${error}; 1e-4 is allowed.`,
      found,
    )
  }
  const reasons = [
    `WebGPU computes a small step of training as WebAssembly does: the largest difference is ${error}.`,
  ]
  return { device: 'webgpu', threads: isolated ? threads : 1, reasons, webgpu: found }
}

/** Drivers may hang as well. */
function within<T>(patience: number | undefined, work: Promise<T>): Promise<T> {
  if (patience === undefined) return work
  return new Promise((resolve, reject) => {
    const late = () => reject(new Error(`no answer within ${patience / 1000} seconds`))
    const timer = setTimeout(late, patience)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
