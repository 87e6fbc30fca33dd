import { elementCount, itemSize } from './dtype.js'
import { float32ToBfloat16, float32ToFloat16 } from './float16.js'
import { dtypeOfName } from './safetensors-format.js'
import type { WeightDType } from './state-dict.js'

/** One tensor to write. */
export interface TensorData {
  /** Type in the file. Default: that of the array. Float32Array may become float16 or bfloat16, Uint8Array bool. */
  readonly dtype?: WeightDType
  readonly shape: readonly number[]
  /** Row-major. */
  readonly data:
    | Float32Array
    | Float64Array
    | Int32Array
    | Int16Array
    | Int8Array
    | Uint8Array
    | BigInt64Array
}

export type TensorsToWrite = ReadonlyMap<string, TensorData>

/**
 * A safetensors file as bytes. The same tensors give the same bytes whatever their order: larger types first (which
 * aligns them all), then by name.
 *
 * @throws TypeError when an array does not fit its shape or cannot become the type asked for
 */
export function encodeSafetensors(
  tensors: TensorsToWrite,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const items = [...tensors]
    .map(([name, tensor]) => ({ name, shape: tensor.shape, ...encodeValues(name, tensor) }))
    .sort((a, b) => itemSize[b.dtype] - itemSize[a.dtype] || (a.name < b.name ? -1 : 1))

  const head = safetensorsHead(
    items.map(({ bytes, ...item }) => ({ ...item, length: bytes.length })),
    metadata,
  )
  const file = new Uint8Array(items.reduce((sum, { bytes }) => sum + bytes.length, head.length))
  file.set(head)
  let position = head.length
  for (const { bytes } of items) {
    file.set(bytes, position)
    position += bytes.length
  }
  return file
}

/** What stands in a safetensors file before the values of its tensors, which follow in this order; lengths in bytes. */
export function safetensorsHead(
  tensors: readonly {
    readonly name: string
    readonly dtype: WeightDType
    readonly shape: readonly number[]
    readonly length: number
  }[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const header: [string, unknown][] = []
  if (Object.keys(metadata).length > 0) {
    header.push(['__metadata__', Object.fromEntries(Object.entries(metadata).sort())])
  }
  let end = 0
  for (const { name, dtype, shape, length } of tensors) {
    const begin = end
    end += length
    header.push([name, { dtype: nameOfDtype.get(dtype), shape, data_offsets: [begin, end] }])
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)))
  const start = 8 + Math.ceil(json.length / 8) * 8
  const head = new Uint8Array(start).fill(0x20, 8)
  new DataView(head.buffer).setBigUint64(0, BigInt(start - 8), true)
  head.set(json, 8)
  return head
}

const nameOfDtype = new Map([...dtypeOfName].map(([name, dtype]) => [dtype, name]))

function encodeValues(name: string, tensor: TensorData): { dtype: WeightDType; bytes: Uint8Array } {
  const { data, shape } = tensor
  if (name === '__metadata__') throw new TypeError('a tensor cannot be named __metadata__')
  if (elementCount(shape) !== data.length) {
    throw new TypeError(`tensor ${name} of shape [${shape.join(', ')}] has ${data.length} values`)
  }
  const own = ownDtype(data)
  const dtype = tensor.dtype ?? own
  const values = convert(data, own, dtype)
  if (!values) throw new TypeError(`tensor ${name}: cannot store ${data.constructor.name} as ${dtype}`)
  return { dtype, bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) }
}

function convert(data: TensorData['data'], own: WeightDType, dtype: WeightDType) {
  if (dtype === own || (own === 'uint8' && dtype === 'bool')) return data
  if (data instanceof Float32Array && dtype === 'float16') return float32ToFloat16(data)
  if (data instanceof Float32Array && dtype === 'bfloat16') return float32ToBfloat16(data)
  return undefined
}

function ownDtype(data: TensorData['data']): WeightDType {
  if (data instanceof Float32Array) return 'float32'
  if (data instanceof Float64Array) return 'float64'
  if (data instanceof Int32Array) return 'int32'
  if (data instanceof Int16Array) return 'int16'
  if (data instanceof Int8Array) return 'int8'
  if (data instanceof BigInt64Array) return 'int64'
  return 'uint8'
}
