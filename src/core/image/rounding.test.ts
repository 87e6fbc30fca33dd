import { describe, expect, it } from 'vitest'
import { roundHalfToEven } from './rounding.js'

describe('roundHalfToEven', () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [2.4, 2],
    [2.6, 3],
    [3, 3],
  ])('rounds %d to %d', (value, expected) => expect(roundHalfToEven(value)).toBe(expected))
})
