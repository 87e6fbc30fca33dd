import { totalmem } from 'node:os'
import { type RecordRunOptions, recordRun } from '../../core/run/record-run.js'
import type { TrainEvent } from '../../core/train/train-prompts.js'
import type { TrainedPrompts } from '../../core/train/trained-prompts.js'
import { environment } from './environment.js'
import { RunDirectory } from './run-directory.js'

export type { RunConfig } from '../../core/run/run-config.js'

/** Where and how a run is recorded. */
export interface TrainRunOptions extends RecordRunOptions {
  /** Run directory. */
  readonly out: string
}

/**
 * Trains into a run directory: {@link trainPrompts} with a log, a checkpoint an epoch and the final prompts.
 * A run that was killed at any moment and resumed ends in the same bits as one that was not.
 *
 * @returns the learned prompts, also in `out/prompts.safetensors`
 * @throws UserError when the directory holds another run, TrainingError when it is in use or the loss is not finite
 */
export async function* trainRun({
  out,
  memory = ownMemory(),
  ...options
}: TrainRunOptions): AsyncGenerator<TrainEvent, TrainedPrompts> {
  return yield* recordRun(() => RunDirectory.take(out), { ...options, memory }, environment)
}

/** Three quarters of this machine's memory, or of what the process is allowed. */
function ownMemory(): number {
  // 0, or more than there is, where nothing limits the process.
  const allowed = process.constrainedMemory?.() || Number.POSITIVE_INFINITY
  return 0.75 * Math.min(totalmem(), allowed)
}
