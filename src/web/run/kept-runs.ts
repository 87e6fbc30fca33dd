import { runFiles } from '../../core/run/run-files.js'
import type { FileStore } from '../kept/file-store.js'
import { keptFiles, keptFolders, removeKept } from '../kept/kept-files.js'

const RUNS = 'runs'

/** The folder of a run that the browser keeps by a name; nothing is made before it is written to. */
export const keptRun = (name: string): FileStore => keptFiles(`${RUNS}/${name}`)

/** A run that the browser keeps. */
export interface KeptRun {
  readonly name: string
  /** Epochs that a checkpoint was kept of. */
  readonly epochs: number
  /** Whether it has its prompts; one that has not goes on by `resume: true`. */
  readonly finished: boolean
  /** Of all its files. */
  readonly bytes: number
}

/** The runs that the browser keeps for this page, by name. Throws UserError where it keeps nothing. */
export async function keptRuns(): Promise<KeptRun[]> {
  const runs: KeptRun[] = []
  for (const name of await keptFolders(RUNS)) {
    const store = keptRun(name)
    const files = await store.list()
    const sizes = await Promise.all(files.map(async (file) => (await store.read(file))?.size ?? 0))
    runs.push({
      name,
      epochs: files.filter((file) => file.startsWith(`${runFiles.checkpoints}/`)).length,
      finished: files.includes(runFiles.prompts),
      bytes: sizes.reduce((sum, size) => sum + size, 0),
    })
  }
  return runs
}

/** Removes a run that the browser keeps, for good. */
export const removeKeptRun = (name: string): Promise<void> => removeKept(`${RUNS}/${name}`)
