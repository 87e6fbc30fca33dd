import { bfloat16ToFloat32, float16ToFloat32 } from './float16.js'
import type { WeightDType } from './state-dict.js'

/** Bytes of one element. */
export const itemSize: Readonly<Record<WeightDType, number>> = {
  float16: 2,
  bfloat16: 2,
  float32: 4,
  float64: 8,
  int64: 8,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
  bool: 1,
}

/**
 * Elements of a tensor, or undefined when a dimension is no size or the product is beyond what numbers hold exactly:
 * shapes come from untrusted files.
 */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) return undefined
    count *= size
    if (!Number.isSafeInteger(count)) return undefined
  }
  return count
}

/** Little-endian elements as float32. `bytes` starts at its buffer's beginning or at a multiple of the element size. */
export function toFloat32(bytes: Uint8Array, dtype: WeightDType): Float32Array {
  const length = bytes.length / itemSize[dtype]
  const { buffer, byteOffset } = bytes
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, length)
    case 'float16':
      return float16ToFloat32(new Uint16Array(buffer, byteOffset, length))
    case 'bfloat16':
      return bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, length))
    case 'float64':
      return new Float32Array(new Float64Array(buffer, byteOffset, length))
    case 'int64':
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, length), Number)
    case 'int32':
      return new Float32Array(new Int32Array(buffer, byteOffset, length))
    case 'int16':
      return new Float32Array(new Int16Array(buffer, byteOffset, length))
    case 'int8':
      return new Float32Array(new Int8Array(buffer, byteOffset, length))
    case 'uint8':
    case 'bool':
      return new Float32Array(bytes)
  }
}
