import { expect, it } from 'vitest'
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from './float16.js'

const fromHalf = (...bits: number[]) => {
  const values = new Float32Array(bits.length)
  float16ToFloat32(Uint16Array.from(bits), values)
  return [...values]
}
const toHalf = (...values: number[]) => [...float32ToFloat16(Float32Array.from(values))]

it('reads normal, subnormal and special half-precision numbers', () => {
  expect(fromHalf(0x3c00, 0xc000, 0x3555, 0x0001, 0x03ff, 0x0400, 0x7bff)).toEqual([
    1,
    -2,
    1365 / 4096,
    2 ** -24,
    1023 * 2 ** -24,
    2 ** -14,
    65504,
  ])
  expect(fromHalf(0x7c00, 0xfc00, 0x7e00, 0x8000)).toEqual([Infinity, -Infinity, NaN, -0])
})

it('writes back every half-precision number as it was read', () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, i) => i).filter((b) => (b & 0x7c00) !== 0x7c00)
  const values = new Float32Array(bits.length)
  float16ToFloat32(bits, values)
  expect(float32ToFloat16(values)).toEqual(bits)
  expect(toHalf(Infinity, -Infinity, NaN)).toEqual([0x7c00, 0xfc00, 0x7e00])
})

it('rounds to the nearest half-precision number, ties to even', () => {
  for (const base of [0x3c00, 0x0000, 0x03fe, 0x03ff, 0x7bfe]) {
    const [low, high] = fromHalf(base, base + 1) as [number, number]
    const middle = (low + high) / 2
    const even = base % 2 === 0 ? base : base + 1
    const tiny = (high - low) / 1000
    expect(toHalf(middle - tiny, middle, middle + tiny, -middle)).toEqual([
      base,
      even,
      base + 1,
      even | 0x8000,
    ])
  }
})

it('writes what is beyond the half-precision range as infinite', () => {
  expect(toHalf(65504, 65519.9, 65520, -1e9)).toEqual([0x7bff, 0x7bff, 0x7c00, 0xfc00])
})

it('cuts bfloat16 to the nearest, ties to even', () => {
  const bits = float32ToBfloat16(Float32Array.of(1, -2.5, 1 + 2 ** -8, 1 + 3 * 2 ** -8, 1e-40, NaN))
  const values = new Float32Array(bits.length)
  bfloat16ToFloat32(bits, values)
  expect([...values].slice(0, 4)).toEqual([1, -2.5, 1, 1 + 4 * 2 ** -8])
  expect(Math.abs(values[4]! - 1e-40)).toBeLessThan(1e-40)
  expect(values[5]).toBeNaN()
})
