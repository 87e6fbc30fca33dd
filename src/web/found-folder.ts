import { UserError } from '../core/errors.js'
import type { FileStore } from './kept/file-store.js'

// Folders among files that come together: of a zip archive, or chosen in the page.

/** A file and its place among others. */
export interface FoundEntry {
  /** With slashes. */
  readonly name: string
  read(): Promise<Blob>
}

/** Files that were chosen in the page, those of a folder with their places in it. */
export const chosenEntries = (files: readonly File[]): FoundEntry[] =>
  files.map((file) => ({ name: file.webkitRelativePath || file.name, read: async () => file }))

/** What messages call them. */
export const chosenName = (files: readonly File[]): string =>
  files[0]?.webkitRelativePath.split('/')[0] || 'the chosen files'

/** The folder that lies highest among those that hold a file of one of these names; undefined where there is none. */
export function folderWith(
  marks: readonly string[],
  entries: readonly FoundEntry[],
  name: string,
): FileStore | undefined {
  const depth = (path: string) => path.split('/').length
  const [mark] = entries
    .filter((entry) => marks.includes(entry.name.split('/').at(-1)!))
    .sort((a, b) => depth(a.name) - depth(b.name))
  if (!mark) return undefined
  const folder = mark.name.slice(0, mark.name.lastIndexOf('/') + 1)
  const own = new Map(
    entries.flatMap((entry) =>
      entry.name.startsWith(folder) ? [[entry.name.slice(folder.length), entry]] : [],
    ),
  )
  return readOnlyStore({
    name,
    list: async () => [...own.keys()],
    read: async (file) => own.get(file)?.read(),
  })
}

/** A folder that cannot be written. */
export function readOnlyStore(store: Pick<FileStore, 'name' | 'list' | 'read'>): FileStore {
  const refuse = async () => {
    throw new UserError(`${store.name} cannot be written`, {
      hint: 'Copy it to a kept run first: copyFiles(run, keptRun(name)).',
    })
  }
  return { ...store, write: refuse, remove: refuse }
}
