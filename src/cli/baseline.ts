import { type Command, Option } from 'commander'
import type { ClassSelection } from '../core/data/base-novel.js'
import type { Activation, Model } from '../core/model.js'
import type { DeviceChoice } from '../core/runtime/device.js'
import { loadModel } from '../node/model.js'
import { type DataOptions, framesOption, rootOption } from './data.js'
import { showingDownloads } from './download-progress.js'
import {
  activationOption,
  deviceOption,
  exifOption,
  modelFrom,
  threadCount,
  withCacheOption,
  withModelOption,
} from './options.js'

/** Options of the commands that measure a baseline. */
export interface BaselineFlags extends DataOptions {
  readonly model: string
  readonly activation?: Activation
  readonly classes: ClassSelection
  readonly skipBadImages?: boolean
  readonly threads?: number
  readonly device?: DeviceChoice
  readonly json?: boolean
}

/** Adds data, model and options of {@link BaselineFlags}. */
export function withBaselineOptions(command: Command): Command {
  withModelOption(command)
    .argument('<data>', 'folder of images, see `promptsrc train --help`, or a drawn set (toy, emoji-food)')
    .addOption(activationOption())
    .addOption(
      new Option('--classes <which>', 'classes to choose among')
        .choices(['all', 'base', 'novel'])
        .default('all'),
    )
    .addOption(rootOption())
    .option('--class-names <file>', 'class names: a line a class, or folder: name')
    .addOption(framesOption())
    .addOption(exifOption())
    .option('--skip-bad-images', 'leave out images that cannot be read, and list them')
    .option('--threads <n>', 'threads of ONNX Runtime (default: one a core)', threadCount)
    .addOption(deviceOption())
    .option('--json', 'print the figures as JSON')
  return withCacheOption(command)
}

/** Loads the model, with bars where it is downloaded, and closes it after use. */
export async function withModel(
  { model: name, ...flags }: BaselineFlags,
  signal: AbortSignal,
  use: (model: Model) => Promise<void>,
): Promise<void> {
  const model = await showingDownloads((onProgress) =>
    loadModel(name, { signal, onProgress, ...modelFrom(flags) }),
  )
  try {
    await use(model)
  } finally {
    await model.close()
  }
}
