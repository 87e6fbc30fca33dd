import { crc32 } from 'node:zlib'
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import type { ArchiveEntry } from './archive-entry.js'

/**
 * The entries of a zip archive.
 *
 * @param onRead compressed bytes read so far
 * @throws Error when the archive is damaged; reading an entry fails where its checksum differs
 */
export async function* zipEntries(
  file: string,
  onRead?: (bytes: number) => void,
): AsyncGenerator<ArchiveEntry> {
  const zip = await openPromise(file, { lazyEntries: true, autoClose: false, strictFileNames: true })
  let done = 0
  try {
    for await (const entry of zip.eachEntry()) {
      yield {
        path: entry.fileName,
        kind: kindOf(entry),
        size: entry.uncompressedSize,
        read: () => content(zip, entry),
      }
      done += entry.compressedSize
      onRead?.(done)
    }
  } finally {
    zip.close()
  }
}

async function* content(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  let crc = 0
  for await (const chunk of await zip.openReadStreamPromise(entry)) {
    crc = crc32(chunk, crc)
    yield chunk
  }
  if (crc !== entry.crc32) throw new Error(`"${entry.fileName}" does not match its checksum`)
}

/** Unix keeps a file's type in the upper half of its attributes. */
function kindOf({ fileName, externalFileAttributes, versionMadeBy }: Entry): ArchiveEntry['kind'] {
  if (fileName.endsWith('/')) return 'folder'
  const type = versionMadeBy >> 8 === 3 ? (externalFileAttributes >>> 16) & 0o170000 : 0
  if (type === 0 || type === 0o100000) return 'file'
  return type === 0o120000 ? 'link' : 'special'
}
