import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatasetSource, SourceFile } from '../data/dataset-source.js'

export interface InspectedFile extends SourceFile {
  readonly found: boolean
  /** Nothing can be read without it: it is needed, and not there. */
  readonly missing: boolean
}

export interface Inspection {
  readonly folder: string
  readonly exists: boolean
  readonly files: readonly InspectedFile[]
  /** Whether the data set can be opened. */
  readonly complete: boolean
}

/** Which files of a published data set are there. */
export async function inspectFiles(source: DatasetSource, root: string): Promise<Inspection> {
  const folder = join(root, source.folder)
  const isThere = async (path: string) => (await stat(path).catch(() => undefined)) !== undefined
  const looked = await Promise.all(
    source.files.map(async (file) => {
      const places = [file.path, ...(file.orAt ? [file.orAt] : [])]
      const there = await Promise.all(places.map((path) => isThere(join(folder, path))))
      return { ...file, found: there.includes(true) }
    }),
  )
  const hasSplit = looked.some(({ path, found }) => found && path.startsWith('split_zhou_'))
  const files = looked.map((file) => ({
    ...file,
    missing: !file.found && (file.needed === 'always' || (file.needed === 'without split file' && !hasSplit)),
  }))
  return {
    folder,
    exists: await isThere(folder),
    files,
    complete: files.every(({ missing }) => !missing),
  }
}
