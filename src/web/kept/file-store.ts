import { UserError } from '../../core/errors.js'

/** What a file may be made of. */
export type FileContent = Blob | Uint8Array | string

/**
 * A folder of files in a page: kept by the browser ({@link keptFiles}), in memory ({@link memoryFiles}), in a zip archive or on
 * a server. Names are paths with slashes, such as `checkpoints/epoch-001.safetensors`.
 */
export interface FileStore {
  /** What messages call it. */
  readonly name: string
  /** Names of the files, in any order. */
  list(): Promise<string[]>
  /** The content of a file, read when it is needed; undefined where there is none. */
  read(file: string): Promise<Blob | undefined>
  /** Replaces a file as a whole: whatever ends the page, there is the old content or the new. */
  write(file: string, content: FileContent): Promise<void>
  /** Removes a file, where there is one. */
  remove(file: string): Promise<void>
  /**
   * Takes the folder for one writer; absent where nobody else could write there.
   *
   * @returns gives it free
   * @throws UserError where another tab has taken it
   */
  lock?(): Promise<() => void>
}

/** Content as bytes on which `Blob` and `write` agree. */
export const blobOf = (content: FileContent): Blob =>
  content instanceof Blob ? content : new Blob([content as Uint8Array<ArrayBuffer> | string])

/** Files in the memory of the page: what is not downloaded is lost with it. */
export function memoryFiles(
  files: Iterable<readonly [string, FileContent]> = [],
  name = 'memory',
): FileStore {
  const contents = new Map(Array.from(files, ([file, content]) => [file, blobOf(content)]))
  return {
    name,
    list: async () => [...contents.keys()],
    read: async (file) => contents.get(file),
    async write(file, content) {
      contents.set(file, blobOf(content))
    },
    async remove(file) {
      contents.delete(file)
    },
  }
}

/** Copies all files of one folder into another, those of the same name in place of what is there. */
export async function copyFiles(from: FileStore, to: FileStore): Promise<void> {
  for (const file of await from.list()) {
    const content = await from.read(file)
    if (content) await to.write(file, content)
  }
}

/** The text of a file; undefined where there is none. */
export async function readText(store: FileStore, file: string): Promise<string | undefined> {
  return (await store.read(file))?.text()
}

/** The error of a file that its browser cannot read any more. */
export const unreadable = (name: string, cause: unknown): UserError =>
  new UserError(`${name}: cannot be read (${(cause as Error).message})`, {
    cause,
    hint: 'The file was moved, changed or removed after it was chosen: choose it again.',
  })
