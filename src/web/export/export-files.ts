import { MANIFEST } from '../../core/export/manifest.js'
import { readBytes } from '../../core/weights/byte-source.js'
import { absolute, isLocation } from '../address.js'
import { type FetchOptions, fetched, unlessMissing, unreachable } from '../fetched.js'
import { chosenEntries, chosenName, folderWith } from '../found-folder.js'
import { type FileStore, unreadable } from '../kept/file-store.js'
import { keptBytes, keptWeights, latestFile } from '../kept/kept-models.js'
import { zipEntries } from '../zip-reader.js'
import type { ExportSource, OpenExportOptions } from './open-export.js'

/** A file as the manifest of its export states it. */
export interface StatedFile {
  readonly path: string
  readonly bytes: number
  readonly sha256: string | undefined
}

/** The files of an export. Nothing is fetched before it is asked for. */
export interface ExportFiles {
  /** What messages call it. */
  readonly name: string
  /** Whether its files come from a server. */
  readonly isDownloaded: boolean
  /** The text of the manifest; undefined where there is none. */
  manifest(): Promise<string | undefined>
  /**
   * All of a file, not checked; undefined where there is none.
   *
   * @param onBytes told how much has come
   */
  read(file: StatedFile, onBytes: (bytes: number) => void): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Bytes of a file that the browser keeps. */
  kept(file: StatedFile): Promise<number>
}

export async function exportFiles(source: ExportSource, options: OpenExportOptions): Promise<ExportFiles> {
  if (isLocation(source)) {
    const location = absolute(source)
    if (!/\.zip$/i.test(location.pathname)) return servedFiles(location, options)
    return storedFiles(await archived(await (await fetched(location.href, options)).blob(), location.href))
  }
  if (source instanceof Blob) {
    return storedFiles(await archived(source, source instanceof File ? source.name : 'the archive'))
  }
  if ('read' in source) return storedFiles(source)
  const name = chosenName(source)
  return storedFiles(folderWith([MANIFEST], chosenEntries(source), name) ?? nothing(name))
}

async function archived(archive: Blob, name: string): Promise<Pick<FileStore, 'name' | 'read'>> {
  return folderWith([MANIFEST], await zipEntries(archive, name), name) ?? nothing(name)
}

const nothing = (name: string) => ({ name, read: async () => undefined })

/** Files that are in the page already. */
function storedFiles(store: Pick<FileStore, 'name' | 'read'>): ExportFiles {
  const { name } = store
  return {
    name,
    isDownloaded: false,
    manifest: async () => (await store.read(MANIFEST))?.text(),
    async read({ path }) {
      // Files that were chosen one by one have no folders.
      const blob = (await store.read(path)) ?? (await store.read(path.slice(path.lastIndexOf('/') + 1)))
      const bytes = await blob?.arrayBuffer().catch((cause) => {
        throw unreadable(`${name}: ${path}`, cause)
      })
      return bytes && new Uint8Array(bytes)
    },
    kept: async () => 0,
  }
}

/** Files of a folder on a server. */
function servedFiles(location: URL, { keep, ...options }: OpenExportOptions): ExportFiles {
  const folder = new URL(location)
  if (!folder.pathname.endsWith('/')) folder.pathname += '/'
  const at = (path: string) => new URL(path, folder)
  return {
    name: folder.href,
    isDownloaded: true,
    async manifest() {
      const blob = keep
        ? latestFile(at(MANIFEST), options)
        : fetched(at(MANIFEST).href, options).then((response) => response.blob())
      return (await unlessMissing(blob))?.text()
    },
    async read({ path, bytes, sha256 }, onBytes) {
      if (!keep) return unlessMissing(download(at(path).href, bytes, options, onBytes))
      const onProgress = ({ loaded }: { loaded: number }) => onBytes(loaded)
      const source = await unlessMissing(keptWeights(at(path), { ...options, sha256, onProgress }, folder))
      if (!source) return undefined
      try {
        return (await readBytes(source, 0, source.size)) as Uint8Array<ArrayBuffer>
      } finally {
        await source.close()
      }
    },
    async kept({ path }) {
      return keep ? keptBytes(at(path), folder).catch(() => 0) : 0
    },
  }
}

/** Times that a download goes on after its connection broke. */
const RESUMED = 3

/**
 * All of a file, of which the size was stated; where it is longer, the beginning and a byte more. A download whose connection breaks
 * goes on where it was, where the server sends parts.
 */
async function download(
  url: string,
  size: number,
  options: FetchOptions,
  onBytes: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size + 1)
  let at = 0
  for (let broken = 0; ; broken++) {
    const range = at > 0 && at < size ? { from: at, to: size } : undefined
    const { status, body } = await fetched(url, options, range)
    if (status !== 206) at = 0
    try {
      const reader = body!.getReader()
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        const part = next.value.subarray(0, bytes.length - at)
        bytes.set(part, at)
        at += part.length
        onBytes(Math.min(at, size))
        if (at > size) await reader.cancel()
      }
      return bytes.subarray(0, at)
    } catch (cause) {
      options.signal?.throwIfAborted()
      if (broken === RESUMED) throw unreachable(url, cause)
    }
  }
}
