import { type RecordRunOptions, recordRun } from '../../core/run/record-run.js'
import type { TrainEvent } from '../../core/train/train-prompts.js'
import type { TrainedPrompts } from '../../core/train/trained-prompts.js'
import type { FileStore } from '../kept/file-store.js'
import { RunFolder } from './run-folder.js'

/** Where and how a run is recorded. */
export interface TrainRunOptions extends Omit<RecordRunOptions, 'dataPath'> {
  /** The run's folder: `keptRun(name)`, or `memoryFiles()` where the browser keeps nothing. */
  readonly out: FileStore
}

/**
 * Trains into a folder of the page as the command line does into a run directory: {@link trainPrompts} with a log, a
 * checkpoint an epoch and the final prompts. A page that is closed loses the epoch at work; going on (`resume: true`, with
 * the same pictures) ends in the same bits as a training that was not interrupted.
 *
 * @returns the learned prompts, also in the run's `prompts.safetensors`
 * @throws UserError when the folder holds another run or the browser's storage is full or forbidden, TrainingError when
 *   another tab trains into it or the loss is not finite; the signal's reason when it aborts
 */
export async function* trainRun({
  out,
  memory = tabMemory(),
  ...options
}: TrainRunOptions): AsyncGenerator<TrainEvent, TrainedPrompts> {
  return yield* recordRun(() => RunFolder.take(out), { ...options, memory }, environment)
}

/** Three quarters of what WebAssembly can have, or of the device's memory where that is less and the browser tells. */
function tabMemory(): number {
  const { deviceMemory = 4 } = (globalThis.navigator ?? {}) as { deviceMemory?: number }
  return 0.75 * Math.min(4, deviceMemory) * 2 ** 30
}

/** What a result depends on beside its settings. */
function environment(): Record<string, unknown> {
  const { crossOriginIsolated = false, navigator } = globalThis as Partial<Window & typeof globalThis>
  return { browser: navigator?.userAgent, cores: navigator?.hardwareConcurrency, crossOriginIsolated }
}
