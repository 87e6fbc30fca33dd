import { describe, expect, it } from 'vitest'
import { differenceHash, hammingDistance } from './picture-hash.js'

const rising = Array.from({ length: 72 }, (_, i) => i % 9)

describe('the difference hash', () => {
  it('sets a bit for each pair that grows brighter, the first pair highest', () => {
    expect(differenceHash(rising)).toBe((1n << 64n) - 1n)
    expect(differenceHash(rising.map((value) => -value))).toBe(0n)
    expect(differenceHash([0, 1, ...Array(70).fill(1)])).toBe(1n << 63n)
  })

  it('keeps its value under brightness and contrast', () => {
    const picture = Array.from({ length: 72 }, (_, i) => (i * 37) % 23)
    expect(differenceHash(picture.map((value) => 3 * value + 40))).toBe(differenceHash(picture))
  })

  it('refuses other sizes', () => {
    expect(() => differenceHash([1, 2])).toThrow('expected 72')
  })
})

it('counts the bits that differ', () => {
  expect(hammingDistance(0b1011n, 0b0010n)).toBe(2)
  expect(hammingDistance((1n << 64n) - 1n, 0n)).toBe(64)
  expect(hammingDistance(5n, 5n)).toBe(0)
})
