import { crc32 } from 'node:zlib'

/** A record of a test archive; every field of its headers can be made to lie. */
export interface ZipInput {
  readonly path: string
  readonly data: Uint8Array
  /** 0: stored, 8: deflated (`data` is then compressed already). */
  readonly method?: number
  readonly flags?: number
  readonly size?: number
  readonly crc?: number
  /** What the local header says instead of the central one. */
  readonly local?: {
    readonly path?: string
    readonly size?: number
    readonly crc?: number
    readonly flags?: number
  }
  /** Position of the local header that the directory states. */
  readonly position?: number
}

/** A zip archive of the given records. */
export function zipOf(inputs: readonly ZipInput[]): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let position = 0
  for (const input of inputs) {
    const { data, method = 0, flags = 0, size = data.length, crc = crc32(data), local = {} } = input
    const header = { method, compressed: data.length, size, crc, flags }
    const localPath = Buffer.from(local.path ?? input.path)
    const start = Buffer.alloc(30)
    start.writeUInt32LE(0x04034b50)
    start.writeUInt16LE(20, 4)
    const compressed = method === 0 ? (local.size ?? data.length) : data.length
    writeFields(start, 6, { ...header, size, ...local, compressed })
    start.writeUInt16LE(localPath.length, 26)

    const path = Buffer.from(input.path)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50)
    entry.writeUInt16LE(20, 6)
    writeFields(entry, 8, { ...header, compressed: method === 0 ? size : data.length })
    entry.writeUInt16LE(path.length, 28)
    entry.writeUInt32LE(input.position ?? position, 42)

    files.push(start, localPath, Buffer.from(data))
    directory.push(entry, path)
    position += start.length + localPath.length + data.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt16LE(inputs.length, 8)
  end.writeUInt16LE(inputs.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(position, 16)
  return Buffer.concat([...files, central, end])
}

interface Fields {
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly compressed: number
  readonly size: number
}

/** The fields that both headers have, in the same order. */
function writeFields(header: Buffer, start: number, fields: Fields): void {
  header.writeUInt16LE(fields.flags, start)
  header.writeUInt16LE(fields.method, start + 2)
  header.writeUInt32LE(fields.crc, start + 8)
  header.writeUInt32LE(fields.compressed, start + 12)
  header.writeUInt32LE(fields.size, start + 16)
}
