import { promisify } from 'node:util'
import yauzl from 'yauzl'
import { WeightsError } from '../../../core/errors.js'
import { type ByteSource, readBytes } from '../../../core/weights/byte-source.js'
import {
  DeflatedRecord,
  damagedArchive as damaged,
  quote,
  StoredRecord,
  type ZipRecord,
} from './zip-record.js'

/** Limits for untrusted archives. */
export const zipLimits = {
  records: 100_000,
  /** A deflated record larger than `freeInflation` bytes may grow by this factor at most. */
  inflation: 100,
  freeInflation: 2 ** 26,
}

/**
 * Opens a zip archive and checks its directory: paths stay inside and differ by more than case, local and central
 * headers agree, no two records share bytes. CRCs are checked when a record is first read.
 *
 * @throws WeightsError when any of that does not hold
 */
export async function openZip(source: ByteSource): Promise<ReadonlyMap<string, ZipRecord>> {
  const reader = new SourceReader(source)
  try {
    return await Promise.race([readDirectory(reader, source), reader.crashed])
  } catch (error) {
    if (error instanceof WeightsError) throw error
    throw damaged(source.name, error instanceof Error ? error.message : String(error))
  }
}

async function readDirectory(reader: SourceReader, source: ByteSource): Promise<Map<string, ZipRecord>> {
  const open = promisify(yauzl.fromRandomAccessReader) as unknown as (
    reader: yauzl.RandomAccessReader,
    size: number,
    options: yauzl.Options,
  ) => Promise<yauzl.ZipFile>
  const zip = await open(reader, source.size, { lazyEntries: true, autoClose: false, strictFileNames: true })
  if (zip.entryCount > zipLimits.records) {
    throw damaged(source.name, `states ${zip.entryCount} records, at most ${zipLimits.records} are read`)
  }
  const records = new Map<string, ZipRecord>()
  const folded = new Set<string>()
  const spans: { path: string; begin: number; end: number }[] = []
  const inflated = { path: '', bytes: Promise.resolve(new Uint8Array()) }
  for await (const entry of zip.eachEntry()) {
    const path = entry.fileName
    if (folded.has(path.toLowerCase())) throw damaged(source.name, `has two records named ${quote(path)}`)
    folded.add(path.toLowerCase())
    const local = await zip.readLocalFileHeaderPromise(entry)
    checkHeaders(entry, local, source.name)
    const position = local.fileDataStart
    spans.push({ path, begin: entry.relativeOffsetOfLocalHeader, end: position + entry.compressedSize })
    const record = { source, path, position, size: entry.uncompressedSize, crc: entry.crc32 }
    records.set(
      path,
      entry.compressionMethod === 0
        ? new StoredRecord(record)
        : new DeflatedRecord({ ...record, compressedSize: entry.compressedSize }, inflated),
    )
  }

  spans.sort((a, b) => a.begin - b.begin)
  for (const [i, { path, begin }] of spans.entries()) {
    const before = spans[i - 1]
    if (before && begin < before.end) {
      throw damaged(source.name, `records ${quote(before.path)} and ${quote(path)} overlap`)
    }
  }
  return records
}

function checkHeaders(entry: yauzl.Entry, local: yauzl.LocalFileHeader, name: string): void {
  const fail = (what: string) => damaged(name, `record ${quote(entry.fileName)} ${what}`)
  if (entry.isEncrypted()) throw fail('is encrypted')
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    throw fail(`is compressed by method ${entry.compressionMethod}, expected 0 (stored) or 8 (deflated)`)
  }
  if (
    entry.uncompressedSize > zipLimits.freeInflation &&
    entry.uncompressedSize > zipLimits.inflation * entry.compressedSize
  ) {
    throw fail(`would inflate from ${entry.compressedSize} to ${entry.uncompressedSize} bytes`)
  }

  // Streaming writers leave the three fields zero in the local header and say so in bit 3 of the flags.
  const streamed = (local.generalPurposeBitFlag & 8) !== 0
  const sizes = localSizes(local)
  const agrees = (found: number, expected: number) => found === expected || (streamed && found === 0)
  if (
    !entry.fileNameRaw.equals(local.fileName) ||
    (entry.generalPurposeBitFlag & 1) !== (local.generalPurposeBitFlag & 1) ||
    entry.compressionMethod !== local.compressionMethod ||
    !agrees(local.crc32, entry.crc32) ||
    !agrees(sizes.compressed, entry.compressedSize) ||
    !agrees(sizes.uncompressed, entry.uncompressedSize)
  ) {
    throw fail('is described differently at its data and in the directory')
  }
}

/** Sizes beyond 32 bits stand in an extra field (zip64). */
function localSizes(local: yauzl.LocalFileHeader): { uncompressed: number; compressed: number } {
  const extra = yauzl.parseExtraFields(local.extraField).find(({ id }) => id === 1)?.data
  let position = 0
  const sizeOf = (field: number) => {
    if (field !== 0xffffffff || !extra || extra.length < position + 8) return field
    position += 8
    return Number(extra.readBigUInt64LE(position - 8))
  }
  return { uncompressed: sizeOf(local.uncompressedSize), compressed: sizeOf(local.compressedSize) }
}

/** Lets yauzl read from a ByteSource, in blocks: directory entries are many and small. */
class SourceReader extends yauzl.RandomAccessReader {
  /** Rejects when the parser throws in a callback, where nobody else would see it. */
  readonly crashed: Promise<never>
  private crash: (error: unknown) => void = () => {}
  private block: { position: number; bytes: Uint8Array } = { position: 0, bytes: new Uint8Array() }

  constructor(private readonly bytes: ByteSource) {
    super()
    this.crashed = new Promise((_, reject) => {
      this.crash = reject
    })
    this.crashed.catch(() => {})
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.fill(buffer.subarray(offset, offset + length), position)
      .then(() => callback(null), callback)
      .catch(this.crash)
  }

  private async fill(target: Uint8Array, position: number): Promise<void> {
    const inBlock = () => position - this.block.position
    const covers = () => inBlock() >= 0 && inBlock() + target.length <= this.block.bytes.length
    if (!covers()) {
      const length = Math.max(target.length, Math.min(blockBytes, this.bytes.size - position))
      this.block = { position, bytes: await readBytes(this.bytes, position, length) }
    }
    target.set(this.block.bytes.subarray(inBlock(), inBlock() + target.length))
  }
}

const blockBytes = 16384
