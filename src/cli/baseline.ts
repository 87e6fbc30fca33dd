import { type Command, Option } from 'commander'
import type { ClassSelection } from '../core/data/base-novel.js'
import type { Model } from '../core/model.js'
import { loadModel } from '../node/model.js'
import { classNamesOption, type DataOptions, framesOption, rootOption, skipBadImagesOption } from './data.js'
import { showingDownloads } from './download-progress.js'
import {
  activationOption,
  deviceOption,
  exifOption,
  type ModelFlags,
  modelFrom,
  precisionOption,
  threadsOption,
  withCacheOption,
  withModelOption,
} from './options.js'

/** Options of the commands that measure a baseline. */
export interface BaselineFlags extends DataOptions, ModelFlags {
  readonly model: string
  readonly classes: ClassSelection
  readonly skipBadImages?: boolean
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
    .addOption(classNamesOption())
    .addOption(framesOption())
    .addOption(exifOption())
    .addOption(skipBadImagesOption())
    .addOption(threadsOption())
    .addOption(deviceOption())
    .addOption(precisionOption())
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
