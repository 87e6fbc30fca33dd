import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { Option } from 'commander'
import type { Dataset } from '../core/data/dataset.js'
import type { Exif } from '../core/image/orientation.js'
import { isDrawn } from '../lab/plans/embedded.js'
import { openDataset, pathWithoutRoot } from '../node/open-dataset.js'
import { warn } from './fail.js'
import { wholeNumber } from './options.js'
import { type Progress, startProgress } from './progress.js'

/** Options of commands that read a data set. */
export interface DataOptions {
  /** Folder that holds published data sets. */
  readonly root?: string
  readonly classNames?: string
  readonly testFraction?: number
  /** File of sentences about the classes. */
  readonly texts?: string
  /** See `openDataset`. */
  readonly exif?: Exif | undefined
  /** Frames of a clip: clips are then read in place of pictures. */
  readonly frames?: number | undefined
  /** Stops reading. */
  readonly signal?: AbortSignal
}

/** `--root` for commands with a DATA argument. */
export function rootOption(): Option {
  return new Option(
    '--root <folder>',
    'folder of published data sets, DATA being the name of one; or that of the paths of a list',
  )
}

/** `--class-names` for commands with a DATA argument. */
export const classNamesOption = (): Option =>
  new Option('--class-names <file>', 'class names: a line a class, or folder: name')

/** `--skip-bad-images` for commands that say which images they left out. */
export const skipBadImagesOption = (): Option =>
  new Option('--skip-bad-images', 'leave out images that cannot be read, and list them')

/** `--frames` for commands that read DATA and load a model. */
export const framesOption = (): Option =>
  new Option(
    '--frames <n>',
    'read clips (videos, or a folder of frames each) in place of pictures, and average the features of so many frames',
  ).argParser(wholeNumber(1, 1024))

/**
 * DATA as a run records it: it opens the same data set without `--root` and from any folder. The name of a drawn set stays.
 */
export async function lastingPath(path: string, { root }: DataOptions): Promise<string> {
  const whole = pathWithoutRoot(path, root)
  return isDrawn(whole) && !existsSync(whole) ? whole : resolve(whole)
}

/** The data set of a DATA argument, see `openDataset`. */
export async function openData(
  path: string,
  { root, classNames, testFraction, texts, exif, frames, signal }: DataOptions = {},
): Promise<Dataset> {
  let bar: Progress | undefined
  const dataset = await openDataset(path, {
    root,
    classNames,
    testFraction,
    descriptions: texts,
    exif,
    clips: frames !== undefined,
    signal,
    // The others are said when the data is open.
    onWarning({ kind, message }) {
      if (kind === 'unusual') warn(message)
    },
    onScan(read, total) {
      bar ??= startProgress('listing images', total)
      bar.update(read)
    },
  }).finally(() => bar?.stop())
  for (const { message } of dataset.warnings ?? []) warn(message)
  return dataset
}
