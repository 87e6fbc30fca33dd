import { Option } from 'commander'
import type { Run } from '../core/evaluate/create-classifier.js'
import { loadRun } from '../node/run.js'
import { showingDownloads } from './download-progress.js'
import { type ModelFlags, modelFrom } from './options.js'

/** `--model` of commands that open a run. */
export const modelOfRunOption = (): Option =>
  new Option('--model <model>', 'where the model is, if not where the run says')

/** What options say of a run's model. */
export interface RunFlags extends ModelFlags {
  readonly model?: string
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
