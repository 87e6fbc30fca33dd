import { crc32 } from 'node:zlib'

const MAGIC = 0x50534331
const HEADER = 12

/** An entry as it lies on the disk: magic number, CRC-32 over key and content, length, content. */
export function encodeEntry(key: string, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + content.length)
  const header = new DataView(bytes.buffer)
  header.setUint32(0, MAGIC)
  header.setUint32(4, checksum(key, content))
  header.setUint32(8, content.length)
  bytes.set(content, HEADER)
  return bytes
}

/** The content of an entry; undefined where it is damaged, cut short or another key's. */
export function decodeEntry(key: string, bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < HEADER) return undefined
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER)
  const content = bytes.subarray(HEADER)
  const isWhole =
    header.getUint32(0) === MAGIC &&
    header.getUint32(8) === content.length &&
    header.getUint32(4) === checksum(key, content)
  return isWhole ? content : undefined
}

const checksum = (key: string, content: Uint8Array): number => crc32(content, crc32(key))
