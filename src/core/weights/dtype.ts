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

/**
 * Little-endian elements to float32. `bytes` starts at its buffer's beginning or at a multiple of the element size;
 * `target` has as many elements.
 */
export function convert(bytes: Uint8Array, dtype: WeightDType, target: Float32Array): void {
  const { byteOffset } = bytes
  const buffer = bytes.buffer as ArrayBuffer
  const { length } = target
  if (dtype === 'float16') float16ToFloat32(new Uint16Array(buffer, byteOffset, length), target)
  else if (dtype === 'bfloat16') bfloat16ToFloat32(new Uint16Array(buffer, byteOffset, length), target)
  else if (dtype === 'int64') int64ToFloat32(new BigInt64Array(buffer, byteOffset, length), target)
  else target.set(new arrayOf[dtype](buffer, byteOffset, length))
}

/** Types that typed arrays convert by themselves. */
const arrayOf = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int16: Int16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
}

function int64ToFloat32(values: BigInt64Array, target: Float32Array): void {
  for (let i = 0; i < values.length; i++) target[i] = Number(values[i]!)
}
