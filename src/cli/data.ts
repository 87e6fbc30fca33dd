import type { Dataset } from '../data/dataset.js'
import { openDataset } from '../data/open-dataset.js'
import { type Progress, startProgress } from './progress.js'

/** Options of commands that read a data set. */
export interface DataOptions {
  /** Folder that holds published data sets. */
  readonly root?: string
  readonly classNames?: string
  readonly testFraction?: number
}

/** The data set of a DATA argument, see `openDataset`. */
export async function openData(
  path: string,
  { root, classNames, testFraction }: DataOptions = {},
): Promise<Dataset> {
  let bar: Progress | undefined
  const dataset = await openDataset(path, {
    root,
    classNames,
    testFraction,
    onScan(read, total) {
      bar ??= startProgress('listing images', total)
      bar.update(read)
    },
  }).finally(() => bar?.stop())
  for (const { message } of dataset.warnings ?? []) process.stderr.write(`warning: ${message}\n`)
  return dataset
}
