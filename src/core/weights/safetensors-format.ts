import { WeightsError } from '../errors.js'
import { elementCount, itemSize } from './dtype.js'
import type { WeightDType } from './state-dict.js'

/** The format allows no larger header (safetensors specification). */
const maxHeaderBytes = 100_000_000
/** Brackets, commas and colons: some 14 a tensor, so that 350,000 of them fit. Each may become a value in memory. */
const maxHeaderParts = 5_000_000

/** Type names of the format. */
export const dtypeOfName: ReadonlyMap<string, WeightDType> = new Map([
  ['F16', 'float16'],
  ['BF16', 'bfloat16'],
  ['F32', 'float32'],
  ['F64', 'float64'],
  ['I64', 'int64'],
  ['I32', 'int32'],
  ['I16', 'int16'],
  ['I8', 'int8'],
  ['U8', 'uint8'],
  ['BOOL', 'bool'],
])

/** One tensor as the header describes it. */
export interface SafetensorsRecord {
  readonly name: string
  readonly dtype: WeightDType
  readonly shape: readonly number[]
  /** Position of the first byte in the file. */
  readonly position: number
}

export interface SafetensorsHeader {
  readonly tensors: readonly SafetensorsRecord[]
  readonly metadata: Readonly<Record<string, string>>
}

/**
 * Length of the JSON header from the first eight bytes of a file.
 *
 * @throws WeightsError when it is beyond the format's limit or the file's end
 */
export function headerLength(prefix: Uint8Array, fileSize: number, name: string): number {
  if (fileSize < 8) throw damaged(name, `has ${fileSize} bytes, a safetensors file has at least 8`)
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true)
  const most = Math.min(maxHeaderBytes, fileSize - 8)
  if (length > BigInt(most)) {
    throw damaged(name, `states a header of ${length} bytes, at most ${most} are possible`)
  }
  return Number(length)
}

/**
 * Checks and reads the JSON header: tensors lie one after another without holes or overlaps, every size equals shape
 * times type, and the last byte is the file's.
 *
 * @throws WeightsError when any of that does not hold
 */
export function parseHeader(json: Uint8Array, fileSize: number, name: string): SafetensorsHeader {
  const start = 8 + json.length
  if (hasTooManyParts(json)) throw damaged(name, `has a header of more than ${maxHeaderParts} parts`)
  let header: unknown
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json))
  } catch (cause) {
    throw damaged(name, 'has a header that is not JSON', cause)
  }
  if (!isRecord(header)) throw damaged(name, 'has a header that is not a JSON object')

  const spans: (SafetensorsRecord & { readonly begin: number; readonly end: number })[] = []
  let metadata: Record<string, string> = {}
  for (const [key, value] of Object.entries(header)) {
    if (key === '__metadata__') metadata = parseMetadata(value, name)
    else spans.push(parseTensor(key, value, start, name))
  }

  spans.sort((a, b) => a.begin - b.begin || a.end - b.end)
  let end = 0
  for (const span of spans) {
    if (span.begin !== end) {
      throw damaged(name, `tensor "${span.name}" begins at byte ${span.begin} of the data, expected ${end}`)
    }
    end = span.end
  }
  if (start + end !== fileSize) {
    throw damaged(name, `has ${fileSize - start} bytes of data, its header describes ${end}`)
  }
  return { tensors: spans.map(({ begin: _begin, end: _end, ...tensor }) => tensor), metadata }
}

/** Looks how many values the JSON may become, without making them. */
function hasTooManyParts(json: Uint8Array): boolean {
  let parts = 0
  for (let i = 0; i < json.length && parts <= maxHeaderParts; i++) {
    const byte = json[i]
    // { [ , :
    if (byte === 0x7b || byte === 0x5b || byte === 0x2c || byte === 0x3a) parts++
  }
  return parts > maxHeaderParts
}

function parseTensor(key: string, value: unknown, start: number, name: string) {
  const fail = (problem: string) => damaged(name, `tensor "${key}" ${problem}`)
  if (!isRecord(value)) throw fail('has no description')
  const { dtype: typeName, shape, data_offsets: offsets } = value
  const dtype = typeof typeName === 'string' ? dtypeOfName.get(typeName) : undefined
  if (!dtype) {
    throw fail(
      `has the type ${JSON.stringify(typeName)}, expected one of ${[...dtypeOfName.keys()].join(', ')}`,
    )
  }
  const count = isNumbers(shape) ? elementCount(shape) : undefined
  const bytes = count === undefined ? Number.NaN : count * itemSize[dtype]
  if (!isNumbers(shape) || !Number.isSafeInteger(bytes)) {
    throw fail(`has an impossible shape: ${JSON.stringify(shape)}`)
  }
  if (
    !isNumbers(offsets) ||
    offsets.length !== 2 ||
    !offsets.every((o) => Number.isSafeInteger(o) && o >= 0)
  ) {
    throw fail(`has impossible offsets: ${JSON.stringify(offsets)}`)
  }
  const [begin, end] = offsets as [number, number]
  if (end - begin !== bytes) {
    throw fail(`has ${end - begin} bytes, its shape [${shape.join(', ')}] of ${typeName} needs ${bytes}`)
  }
  return { name: key, dtype, shape, position: start + begin, begin, end }
}

function parseMetadata(value: unknown, name: string): Record<string, string> {
  const metadata: Record<string, string> = Object.create(null)
  if (!isRecord(value)) throw damaged(name, 'has metadata that is not a JSON object')
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw damaged(name, `metadata "${key}" is not a string`)
    metadata[key] = text
  }
  return metadata
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
}

function damaged(name: string, problem: string, cause?: unknown): WeightsError {
  return new WeightsError(`${name}: ${problem}`, {
    hint: 'The file is damaged or not safetensors: copy or download it again.',
    cause,
  })
}
