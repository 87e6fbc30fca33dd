import { stat } from 'node:fs/promises'
import type { Dataset } from '../data/dataset.js'
import { openFolder } from '../data/folder.js'
import { toyDataset, toySets } from '../toy/datasets.js'

/** Options of commands that read a data set. */
export interface DataOptions {
  /** Folder of the published data sets. */
  readonly root?: string
  readonly classNames?: string
  readonly testFraction?: number
}

/** The data set of a DATA argument: a folder, or the name of a drawn set where there is no such folder. */
export async function openData(path: string, options: DataOptions = {}): Promise<Dataset> {
  if (Object.hasOwn(toySets, path) && !(await stat(path).catch(() => undefined))) return toyDataset(path)
  const dataset = await openFolder(path, options)
  for (const { message } of dataset.warnings) process.stderr.write(`warning: ${message}\n`)
  return dataset
}
