import { type FileStore, memoryFiles } from '../web/kept/file-store.js'
import { keptFiles } from '../web/kept/kept-files.js'

/** Where a tab keeps a project. */
export interface TabStore {
  readonly store: FileStore
  /** Why it is lost when the tab is closed; undefined where the browser keeps it. */
  readonly volatile: string | undefined
}

/** The files of a project: kept by the browser, or in memory where it keeps nothing. */
export async function openTabStore(name: string): Promise<TabStore> {
  const kept = keptFiles(name)
  try {
    await kept.write('opened', new Date().toISOString())
    // Browsers clear what pages keep when space is short, unless they were asked not to.
    await navigator.storage.persist?.().catch(() => false)
    return { store: kept, volatile: undefined }
  } catch (error) {
    return {
      store: memoryFiles([], name),
      volatile: (error as Error).message.replace(/^./, (first) => first.toUpperCase()),
    }
  }
}

/** A folder of a store as a store. */
export function folderOf(store: FileStore, path: string): FileStore {
  const prefix = `${path}/`
  return {
    name: path,
    list: async () =>
      (await store.list()).flatMap((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : [])),
    read: (file) => store.read(prefix + file),
    write: (file, content) => store.write(prefix + file, content),
    remove: (file) => store.remove(prefix + file),
    ...(store.lock ? { lock: () => store.lock!() } : {}),
  }
}
