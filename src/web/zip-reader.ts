import { UserError } from '../core/errors.js'
import { unreadable } from './kept/file-store.js'

/** A file in an archive. */
export interface ZipEntry {
  /** As the archive has it, with slashes. */
  readonly name: string
  /** @throws UserError when the archive is damaged there */
  read(): Promise<Blob>
}

/** Signatures and sizes of PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16. */
const END = 0x06054b50
const END_BYTES = 22
const CENTRAL = 0x02014b50
const CENTRAL_BYTES = 46
const LOCAL = 0x04034b50
const LOCAL_BYTES = 30
const STORED = 0
const DEFLATED = 8
/** What a run may hold once it is inflated; far beyond any, and within what a page can keep. */
const MOST_BYTES = 2 ** 32

/**
 * The files of a zip archive, of which only the lists are read now. A file is inflated and checked when it is asked for.
 *
 * @throws UserError when it is no archive, or damaged
 */
export async function zipEntries(archive: Blob, name: string): Promise<ZipEntry[]> {
  const damaged = () =>
    new UserError(`${name}: is no zip archive, or a damaged one`, {
      hint: 'Choose the archive itself, or download it again.',
    })
  const bytesAt = async (from: number, to: number) => {
    const part = await archive
      .slice(from, to)
      .arrayBuffer()
      .catch((cause) => {
        throw unreadable(name, cause)
      })
    if (part.byteLength !== to - from) throw damaged()
    return new DataView(part)
  }
  const tail = await bytesAt(Math.max(0, archive.size - END_BYTES - 0xffff), archive.size)
  let end = tail.byteLength - END_BYTES
  while (end >= 0 && tail.getUint32(end, true) !== END) end--
  if (end < 0) throw damaged()
  const count = tail.getUint16(end + 10, true)
  const start = tail.getUint32(end + 16, true)
  const size = tail.getUint32(end + 12, true)
  const list = await bytesAt(start, start + size)

  const entries: ZipEntry[] = []
  let total = 0
  for (let at = 0, i = 0; i < count; i++) {
    if (at + CENTRAL_BYTES > list.byteLength || list.getUint32(at, true) !== CENTRAL) throw damaged()
    const flags = list.getUint16(at + 8, true)
    const method = list.getUint16(at + 10, true)
    const crc = list.getUint32(at + 16, true)
    const packed = list.getUint32(at + 20, true)
    const unpacked = list.getUint32(at + 24, true)
    const nameBytes = list.getUint16(at + 28, true)
    const local = list.getUint32(at + 42, true)
    const nameAt = at + CENTRAL_BYTES
    if (nameAt + nameBytes > list.byteLength) throw damaged()
    const path = new TextDecoder().decode(new Uint8Array(list.buffer, nameAt, nameBytes))
    at = nameAt + nameBytes + list.getUint16(at + 30, true) + list.getUint16(at + 32, true)
    if (path.endsWith('/')) continue
    total += unpacked
    if (total > MOST_BYTES || (flags & 1) !== 0 || (method !== STORED && method !== DEFLATED)) {
      const why =
        (flags & 1) !== 0 ? 'encrypted' : total > MOST_BYTES ? 'too large' : 'packed in a way not known here'
      throw new UserError(`${name}: ${path} is ${why}`, {
        hint: 'Pack it anew, as an ordinary zip archive.',
      })
    }
    const read = async (): Promise<Blob> => {
      const head = await bytesAt(local, local + LOCAL_BYTES)
      if (head.getUint32(0, true) !== LOCAL) throw damaged()
      const from = local + LOCAL_BYTES + head.getUint16(26, true) + head.getUint16(28, true)
      const data = archive.slice(from, from + packed)
      const content = method === STORED ? data : await inflated(data, unpacked)
      const bytes = content && new Uint8Array(await content.arrayBuffer())
      if (!bytes || bytes.length !== unpacked || crc32(bytes) !== crc) {
        throw new UserError(`${name}: ${path} is damaged`, { hint: 'Download or copy the archive again.' })
      }
      return new Blob([bytes])
    }
    entries.push({ name: path, read })
  }
  return entries
}

/** Undefined where the data are none of that kind, or more than is stated. */
async function inflated(data: Blob, size: number): Promise<Blob | undefined> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  const reader = data.stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return new Blob(parts)
      length += value.length
      if (length > size) return undefined
      parts.push(value as Uint8Array<ArrayBuffer>)
    }
  } catch {
    return undefined
  } finally {
    await reader.cancel().catch(() => {})
  }
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1
  return n
})

function crc32(bytes: Uint8Array): number {
  let crc = -1
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 255]!
  return ~crc >>> 0
}
