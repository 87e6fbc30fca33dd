import type { Run } from '../core/evaluate/create-classifier.js'
import type { Activation } from '../core/model.js'
import { loadRun } from '../node/run.js'
import { showingDownloads } from './download-progress.js'
import { modelFrom, type RuntimeFlags } from './options.js'

/** What options say of a run's model. */
export interface RunFlags extends RuntimeFlags {
  readonly model?: string
  readonly activation?: Activation
}

/** Opens a run for a command. @throws as `loadRun` does */
export const openRun = (path: string, flags: RunFlags, signal: AbortSignal): Promise<Run> =>
  showingDownloads((onProgress) =>
    loadRun(path, {
      signal,
      onProgress,
      ...(flags.model ? { model: flags.model } : {}),
      ...modelFrom(flags),
    }),
  )
