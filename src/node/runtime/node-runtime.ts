import { createRequire } from 'node:module'
import { availableParallelism, loadavg } from 'node:os'
import { ConfigError } from '../../core/errors.js'
import { type Device, devices, MOST_THREADS, type Precision } from '../../core/runtime/device.js'
import type { KeptWeights } from '../../core/runtime/load-weights.js'
import { type OrtOptions, OrtRuntime } from '../../core/runtime/ort.js'
import { RemoteRuntime } from '../../core/runtime/remote.js'
import type { Runtime } from '../../core/runtime/session.js'
import { processorKind } from './processor.js'
import { workerThread } from './worker-thread.js'

/** Options of {@link nodeRuntime}. */
export interface NodeRuntimeOptions {
  /** What computes. Default: `cpu`, the one that gives the same bits again on every machine of a kind. */
  readonly device?: Device
  /** Threads of one operator. Default: one a core. */
  readonly threads?: number
  /** Run in a worker thread, so that this thread stays free while ONNX Runtime computes. Default: true. */
  readonly worker?: boolean
  /** Keep packed copies of weights: slower to start, larger, a few percent faster to run. Default: false. */
  readonly prepack?: boolean
  /** Numbers of products with a model's weights. On a processor fp16 gains nothing. Default: fp32. */
  readonly precision?: Precision
}

/**
 * ONNX Runtime in Node. A device that cannot be had is found out when the first graph is compiled; see `openRuntime`.
 *
 * @param kept where weights are found and kept in the form in which they are computed with; default: nowhere
 * @throws ConfigError for a number of threads that cannot be meant
 */
export function nodeRuntime(
  {
    device = 'cpu',
    threads = Math.min(availableParallelism(), MOST_THREADS),
    worker = true,
    prepack = false,
    precision = 'fp32',
  }: NodeRuntimeOptions = {},
  kept?: KeptWeights,
): Runtime {
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS) {
    throw new ConfigError(`threads: found ${threads}, expected a whole number from 1 to ${MOST_THREADS}`)
  }
  const options: OrtOptions = {
    providers: [devices[device].provider],
    threads,
    prepack,
    precision,
    spin: mayKeepCoresBusy(threads, loadavg()[0]!, availableParallelism()),
  }
  const machine = [process.platform, process.arch, processorKind()]
  const signature = [
    ...['onnxruntime', onnxRuntimeVersion(), device, ...machine, `${threads} threads`],
    ...(prepack ? ['packed'] : []),
    ...(precision === 'fp32' ? [] : [precision]),
  ].join(' ')
  return worker
    ? new RemoteRuntime(workerThread(), options, signature, kept)
    : new OrtRuntime(() => import('./onnxruntime.js'), options, signature, kept)
}

/**
 * Whether waiting threads may keep their cores busy: where others leave at least half of them free. (Two threads on two
 * cores with a load of 18 made a step of the tiny model in 587 ms so and in 192 ms else; one thread in 352 ms.)
 *
 * @param load processes that ran or wanted to in the last minute; 0 where the system does not tell
 */
export const mayKeepCoresBusy = (threads: number, load: number, cores: number): boolean =>
  load + threads / 2 < cores

/** Version of ONNX Runtime, without loading it. */
export function onnxRuntimeVersion(): string {
  const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }
  return version
}
