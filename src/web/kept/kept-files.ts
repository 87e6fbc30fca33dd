import { ConfigError, TrainingError, UserError } from '../../core/errors.js'
import { blobOf, type FileStore } from './file-store.js'

/** The folder in which everything of this package is kept, so that a page may keep files of its own beside it. */
const ROOT = 'promptsrc'

/**
 * Files that the browser keeps for this page between visits, in its origin private file system. Nothing is touched before
 * it is needed; folders are made by the first write.
 *
 * Its methods throw UserError where this browser keeps nothing for the page, or its storage is full.
 *
 * @param path of a folder below this package's, such as `runs/pets`
 */
export function keptFiles(path: string): FileStore {
  const parts = path.split('/')
  const bad = parts.find((part) => part === '' || part === '.' || part === '..')
  if (bad !== undefined) {
    throw new ConfigError(`"${path}" is no name of a folder to keep`, { hint: 'Give it another name.' })
  }
  const name = `${path} (kept by this browser)`
  const folder = (file: string, create: boolean) => {
    const below = file.split('/').slice(0, -1)
    return folderAt([ROOT, ...parts, ...below], create)
  }
  const last = (file: string) => file.split('/').at(-1)!
  return {
    name,
    async list() {
      const top = await folderAt([ROOT, ...parts], false)
      return top ? namesBelow(top) : []
    },
    async read(file) {
      const handle = await ifThere(async () => (await folder(file, false))?.getFileHandle(last(file)))
      return handle?.getFile()
    },
    async write(file, content) {
      try {
        const handle = await (await folder(file, true))!.getFileHandle(last(file), { create: true })
        await replace(handle, blobOf(content))
      } catch (cause) {
        throw await notKept(`${path}/${file}`, cause)
      }
    },
    async remove(file) {
      await ifThere(async () => (await folder(file, false))?.removeEntry(last(file)))
    },
    lock: () => lock(`${ROOT}/${path}`, path),
  }
}

/** Names of the folders that are kept below a path. */
export async function keptFolders(path: string): Promise<string[]> {
  const top = await folderAt([ROOT, path], false)
  const names: string[] = []
  if (top) for await (const [name, { kind }] of top.entries()) if (kind === 'directory') names.push(name)
  return names.sort()
}

/** Removes a kept folder with all that is in it; where there is none, nothing. */
export async function removeKept(path: string): Promise<void> {
  const parts = path.split('/')
  const name = parts.pop()!
  await ifThere(async () => (await folderAt([ROOT, ...parts], false))?.removeEntry(name, { recursive: true }))
}

/** What the browser gives this page to keep files in. */
export interface StorageState {
  /** Bytes that are used, of those that may be. Estimates, in all of the page's origin. */
  readonly used: number
  readonly most: number
  /** Whether they stay when space runs short; else the browser may remove them unasked. */
  readonly lasting: boolean
}

/**
 * What the browser gives this page to keep files in.
 *
 * @param ask whether to ask that they stay when space runs short: some browsers ask the user, others decide by themselves
 * @throws UserError where it keeps nothing
 */
export async function storageState({ ask = false } = {}): Promise<StorageState> {
  await root()
  const { storage } = navigator
  const lasting = ask ? await storage.persist() : await storage.persisted()
  const { usage = 0, quota = 0 } = await storage.estimate()
  return { used: usage, most: quota, lasting }
}

/** What a writable stream has taken stands in the file when it is closed, all of it at once. */
async function replace(handle: FileSystemFileHandle, content: Blob): Promise<void> {
  if (!handle.createWritable) {
    throw new UserError('this browser cannot write files of a page', {
      hint: 'Take a current Chrome, Edge or Firefox, or Safari 26 or later.',
    })
  }
  const writable = await handle.createWritable()
  try {
    await writable.write(content)
  } catch (error) {
    await writable.abort().catch(() => {})
    throw error
  }
  await writable.close()
}

async function namesBelow(folder: FileSystemDirectoryHandle, prefix = ''): Promise<string[]> {
  const names: string[] = []
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === 'file') names.push(prefix + name)
    else names.push(...(await namesBelow(handle as FileSystemDirectoryHandle, `${prefix}${name}/`)))
  }
  return names
}

/** The folder; undefined where it is not there and not to be made. */
async function folderAt(
  parts: readonly string[],
  create: boolean,
): Promise<FileSystemDirectoryHandle | undefined> {
  let folder = await root()
  for (const part of parts) {
    const next = await ifThere(() => folder.getDirectoryHandle(part, { create }))
    if (!next) return undefined
    folder = next
  }
  return folder
}

async function root(): Promise<FileSystemDirectoryHandle> {
  const { storage } = (globalThis.navigator ?? {}) as Partial<Navigator>
  if (!storage?.getDirectory) {
    throw new UserError('this page cannot keep files: it is not served by https, or its browser is too old', {
      hint: 'Serve the page by https or from localhost, and open it in a current browser.',
    })
  }
  try {
    return await storage.getDirectory()
  } catch (cause) {
    throw new UserError(`this browser keeps no files for this page (${(cause as Error).message})`, {
      cause,
      hint: 'Open the page in an ordinary window, not a private one, and allow it to store data; or load models without keep, and keep runs in memory to download them.',
    })
  }
}

async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look()
  } catch (error) {
    if ((error as DOMException).name === 'NotFoundError') return undefined
    throw error
  }
}

/** The error of a file that could not be written. */
async function notKept(file: string, cause: unknown): Promise<unknown> {
  if (cause instanceof UserError || !(cause instanceof DOMException)) return cause
  if (cause.name === 'QuotaExceededError') {
    const { usage, quota } = await navigator.storage.estimate().catch(() => ({}) as StorageEstimate)
    // A disk may be full long before the browser's own limit.
    const own = usage !== undefined && quota !== undefined && usage > 0.9 * quota
    const used = own ? `: ${megabytes(usage)} of ${megabytes(quota)} MB are used` : ''
    return new UserError(`${file} cannot be kept, as the browser's storage is full${used}`, {
      cause,
      hint: 'Remove runs or models that are kept, or free space on the disk; or keep nothing. What was kept before is whole.',
    })
  }
  return new UserError(`${file} cannot be kept (${cause.message})`, {
    cause,
    hint: 'Try again; where it fails again, keep the run in memory and download it.',
  })
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0)

/** Browsers give a lock free when its page is gone, however that came about. */
async function lock(name: string, path: string): Promise<() => void> {
  return new Promise((taken, refused) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (held) => {
        if (held) return new Promise<void>((free) => taken(free))
        throw new TrainingError(`${path} is in use by another tab`, {
          hint: 'Wait for it or close that tab, or choose another name.',
        })
      })
      .catch(refused)
  })
}
