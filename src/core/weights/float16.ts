/**
 * Conversions between float32 and the two 16-bit floating-point formats: IEEE 754 binary16 (`float16`) and `bfloat16`,
 * the upper half of a float32.
 */

let table: Float32Array | undefined

/** Every binary16 value as float32, indexed by its bits: a look-up is the fastest conversion without a native type. */
function float16Table(): Float32Array {
  if (table) return table
  table = new Float32Array(65536)
  for (let bits = 0; bits < 65536; bits++) table[bits] = float16Value(bits)
  return table
}

function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
}

/** binary16 bits to float32, exactly, into `target`. Four at a time, which halves the time. */
export function float16ToFloat32(bits: Uint16Array, target: Float32Array): void {
  const values = float16Table()
  const even = bits.length - (bits.length % 4)
  for (let i = 0; i < even; i += 4) {
    target[i] = values[bits[i]!]!
    target[i + 1] = values[bits[i + 1]!]!
    target[i + 2] = values[bits[i + 2]!]!
    target[i + 3] = values[bits[i + 3]!]!
  }
  for (let i = even; i < bits.length; i++) target[i] = values[bits[i]!]!
}

/** bfloat16 bits to float32, exactly, into `target`. */
export function bfloat16ToFloat32(bits: Uint16Array, target: Float32Array): void {
  const raw = new Uint32Array(target.buffer, target.byteOffset, target.length)
  for (let i = 0; i < bits.length; i++) raw[i] = bits[i]! << 16
}

/** float32 to binary16 bits, rounded to nearest, ties to even; values beyond 65504 become infinite. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const raw = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const bits = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) bits[i] = roundToFloat16(raw[i]!)
  return bits
}

/** float32 to bfloat16 bits, rounded to nearest, ties to even. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const raw = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const bits = new Uint16Array(values.length)
  for (let i = 0; i < values.length; i++) {
    const x = raw[i]!
    const notANumber = (x & 0x7fffffff) > 0x7f800000
    bits[i] = notANumber ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16
  }
  return bits
}

function roundToFloat16(x: number): number {
  const sign = (x >>> 16) & 0x8000
  const magnitude = x & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00 // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00 // rounds beyond 65504
  if (magnitude < 0x33000000) return sign // rounds to zero
  if (magnitude >= 0x38800000) return sign | roundShift(magnitude - 0x38000000, 13)
  const exponent = magnitude >>> 23
  return sign | roundShift((magnitude & 0x7fffff) | 0x800000, 126 - exponent) // subnormal
}

/** x / 2^shift, rounded to nearest, ties to even. */
function roundShift(x: number, shift: number): number {
  const quotient = x >>> shift
  const rest = x & ((1 << shift) - 1)
  const half = 1 << (shift - 1)
  return rest > half || (rest === half && quotient & 1) ? quotient + 1 : quotient
}
