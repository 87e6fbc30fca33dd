import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { epochWeights, gaussianAggregation, gaussianWeights } from './prompt-aggregation.js'

interface GoldenWeights {
  mean: number
  std: number
  epochs: number
  weights: number[]
}

const golden = JSON.parse(readFileSync('test/golden/schedules.json', 'utf8')) as { gpa: GoldenWeights[] }

const of = (...values: number[]) => new Map([['ctx', new Float32Array(values)]])

describe('epochWeights', () => {
  const gaussian = { mean: 2, std: 1 }
  it('are equal, or those of a moving average that begins with the first epoch', () => {
    expect(epochWeights({ ...gaussian, average: 'equal' }, 4)).toEqual([0.25, 0.25, 0.25, 0.25])
    const prompts = [3, -1, 2, 5]
    const moving = prompts.reduce((average, p) => 0.9 * average + 0.1 * p)
    const weights = epochWeights({ ...gaussian, average: 'ema' }, 4)
    expect(weights.reduce((sum, w, i) => sum + w * prompts[i]!, 0)).toBeCloseTo(moving, 12)
    expect(weights.reduce((sum, w) => sum + w)).toBeCloseTo(1, 12)
  })

  it('are the Gaussian’s unless told otherwise', () => {
    expect(epochWeights(gaussian, 4)).toEqual(gaussianWeights(gaussian, 4))
    expect(epochWeights({ ...gaussian, average: 'gaussian' }, 4)).toEqual(gaussianWeights(gaussian, 4))
  })
})

describe('gaussianWeights', () => {
  it.each(golden.gpa)('equal the reference for mean $mean, std $std, $epochs epochs', (entry) => {
    const weights = gaussianWeights(entry, entry.epochs)
    expect(weights).toHaveLength(entry.weights.length)
    for (const [i, expected] of entry.weights.entries()) {
      expect(Math.abs(weights[i]! - expected)).toBeLessThanOrEqual(1e-12 * expected)
    }
  })

  it('select the last epoch when the mean lies far beyond it', () => {
    const weights = gaussianWeights({ mean: 500, std: 1 }, 4)
    expect(weights[3]).toBeCloseTo(1, 12)
    expect(weights.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 12)
  })

  it.each([
    [{ mean: 1, std: 0 }, 3],
    [{ mean: 1, std: Number.NaN }, 3],
    [{ mean: Number.POSITIVE_INFINITY, std: 1 }, 3],
    [{ mean: 1, std: 1 }, 0],
  ])('are refused for %o over %d epochs', (options, epochs) => {
    expect(() => gaussianWeights(options, epochs)).toThrow(RangeError)
  })
})

describe('gaussianAggregation', () => {
  const options = { mean: 2, std: 1 }

  it('averages the parameters of all epochs by their weights', () => {
    const gpa = gaussianAggregation(options, 3)
    const [a, b, c] = gpa.weights as [number, number, number]
    let state = gpa.init()
    for (const [epoch, values] of [of(1, 10), of(2, 20), of(4, -40)].entries()) {
      state = gpa.add(state, epoch + 1, values)
    }
    const [x, y] = gpa.result(state).get('ctx')!
    expect(x).toBeCloseTo(a + 2 * b + 4 * c, 6)
    expect(y).toBeCloseTo(10 * a + 20 * b - 40 * c, 5)
  })

  it('keeps earlier states and the parameters unchanged', () => {
    const gpa = gaussianAggregation(options, 2)
    const params = of(1)
    const first = gpa.add(gpa.init(), 1, params)
    const before = first.sum.get('ctx')![0]
    gpa.add(first, 2, of(5))
    expect(first.sum.get('ctx')![0]).toBe(before)
    expect(params.get('ctx')![0]).toBe(1)
  })

  it('refuses a repeated, skipped or surplus epoch and an early result', () => {
    const gpa = gaussianAggregation(options, 2)
    const first = gpa.add(gpa.init(), 1, of(1))
    expect(() => gpa.add(first, 1, of(1))).toThrow('does not follow epoch 1')
    expect(() => gpa.add(gpa.init(), 2, of(1))).toThrow('does not follow epoch 0')
    expect(() => gpa.result(first)).toThrow('only 1 of 2')
    const second = gpa.add(first, 2, of(1))
    expect(() => gpa.add(second, 3, of(1))).toThrow(RangeError)
  })
})
