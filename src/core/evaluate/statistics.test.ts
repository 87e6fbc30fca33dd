import { describe, expect, it } from 'vitest'
import { medianOf, studentT, summarize, summarizePairs } from './statistics.js'

describe('studentT', () => {
  it.each([
    [1, 12.7062],
    [2, 4.3027],
    [3, 3.1824],
    [4, 2.7764],
    [5, 2.5706],
    [9, 2.2622],
    [10, 2.2281],
    [30, 2.0423],
    [120, 1.9799],
  ])('has the printed 95 %% value at %i degrees of freedom', (freedom, value) => {
    expect(studentT(freedom)).toBeCloseTo(value, 4)
  })

  it('has the printed 99 % value at 2 and 7 degrees of freedom', () => {
    expect(studentT(2, 0.99)).toBeCloseTo(9.9248, 4)
    expect(studentT(7, 0.99)).toBeCloseTo(3.4995, 4)
  })

  it('refuses what has no quantile', () => {
    expect(() => studentT(0)).toThrow(RangeError)
    expect(() => studentT(1.5)).toThrow(RangeError)
    expect(() => studentT(2, 1)).toThrow(RangeError)
  })
})

describe('summarize', () => {
  it('gives mean, sample standard deviation and the t interval', () => {
    const { mean, std, interval } = summarize([80, 82, 87])
    expect(mean).toBe(83)
    expect(std).toBeCloseTo(Math.sqrt(13), 12)
    const half = (4.30265273 * Math.sqrt(13)) / Math.sqrt(3)
    expect(interval![0]).toBeCloseTo(83 - half, 6)
    expect(interval![1]).toBeCloseTo(83 + half, 6)
  })

  it('claims no spread of a single value', () => {
    expect(summarize([71.5])).toEqual({ mean: 71.5, std: null, interval: null })
  })

  it('refuses no values', () => {
    expect(() => summarize([])).toThrow(RangeError)
  })
})

describe('summarizePairs', () => {
  it('keeps what both share out of the spread', () => {
    const { mean, std, interval } = summarizePairs([30, 61, 92], [28, 60, 89])
    expect([mean, std]).toEqual([2, 1])
    expect(interval![1] - interval![0]).toBeLessThan(5)
    expect(() => summarizePairs([1, 2], [1])).toThrow(RangeError)
  })
})

describe('medianOf', () => {
  it('is the middle value, or the mean of the middle two', () => {
    expect(medianOf([9, 1, 3])).toBe(3)
    expect(medianOf([9, 1, 3, 5])).toBe(4)
    expect(medianOf([])).toBeNull()
  })
})
