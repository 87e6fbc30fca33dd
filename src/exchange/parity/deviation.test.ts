import { describe, expect, it } from 'vitest'
import {
  compareAll,
  compareEqual,
  compareFigures,
  compareRelative,
  compareTensor,
  judged,
  maxDifference,
  ratioOf,
  worstOf,
} from './deviation.js'

const tensor = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) })

describe('maxDifference', () => {
  it('is the largest, and infinite for other lengths and for values that are no numbers', () => {
    expect(maxDifference([1, 5, 2], [1, 2, 4])).toBe(3)
    expect(maxDifference([1], [1, 2])).toBe(Number.POSITIVE_INFINITY)
    expect(maxDifference([Number.NaN, 1], [0, 1])).toBe(Number.POSITIVE_INFINITY)
    expect(maxDifference([0, 9], [Number.NaN, 1])).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('compareTensor', () => {
  it('misses a tensor that was not computed or has another shape', () => {
    const expected = { shape: [1, 2], data: Float32Array.of(1, 2) }
    expect(compareTensor('t', undefined, expected, 1).error).toBe(Number.POSITIVE_INFINITY)
    expect(compareTensor('t', tensor(1, 2), expected, 1).error).toBe(Number.POSITIVE_INFINITY)
  })

  it('takes relative tolerances in units of the largest entry of the reference', () => {
    expect(compareRelative('t', tensor(1, 1), tensor(1, -4), 0.5).tolerance).toBe(2)
  })
})

describe('compareFigures', () => {
  it('is relative to each reference, also to one of zero', () => {
    expect(compareFigures('f', [1.5, 0], [1, 0], 0).error).toBeCloseTo(0.5)
    expect(compareFigures('f', [1], [0], 1).error).toBe(Number.POSITIVE_INFINITY)
    expect(compareFigures('f', [1], [1, 1], 1).error).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('judged', () => {
  it('fails on a single miss, and where nothing was compared', () => {
    const [met, missed] = [compareEqual('a', [1], [1]), compareEqual('b', [1], [2])]
    expect(judged('x', [met]).status).toBe('passed')
    expect(judged('x', [met, missed]).status).toBe('failed')
    expect(judged('x', [{ name: 'n', error: Number.NaN, tolerance: 1 }]).status).toBe('failed')
    expect(judged('x', []).status).toBe('failed')
    expect(judged('x', [compareAll('none', [])]).status).toBe('failed')
  })
})

describe('worstOf', () => {
  it('measures errors in units of their tolerance', () => {
    const small = { name: 'small', error: 1e-6, tolerance: 1e-6 }
    const large = { name: 'large', error: 1, tolerance: 10 }
    const exact = { name: 'exact', error: 0, tolerance: 0 }
    expect(worstOf([exact, large, small])).toBe(small)
    expect([exact, large].map(ratioOf)).toEqual([0, 0.1])
    expect(ratioOf({ name: 'off', error: 1, tolerance: 0 })).toBe(Number.POSITIVE_INFINITY)
  })
})
