import { expect, it } from 'vitest'
import { doubtfulLabels } from './confident-learning.js'

it('doubts an image that reaches the threshold of another class alone', () => {
  // Thresholds: class 0 (0.9 + 0.8 + 0.1) / 3 = 0.6, class 1 (0.7 + 0.9) / 2 = 0.8.
  const probabilities = [0.9, 0.1, 0.8, 0.2, 0.1, 0.9, 0.3, 0.7, 0.1, 0.9]
  const [doubt, ...others] = doubtfulLabels(probabilities, [0, 0, 0, 1, 1], 2)
  expect(others).toEqual([])
  expect(doubt).toMatchObject({ index: 2, given: 0, likely: 1 })
  expect(doubt!.margin).toBeCloseTo(0.8)
})

it('puts the surest doubt first', () => {
  // Thresholds: class 0 (1 + 1 + 0.2 + 0.1) / 4 = 0.575, class 1 (0.8 + 0.7) / 2 = 0.75.
  const probabilities = [1, 0, 1, 0, 0.2, 0.8, 0.1, 0.9, 0.2, 0.8, 0.3, 0.7]
  expect(doubtfulLabels(probabilities, [0, 0, 0, 0, 1, 1], 2).map(({ index }) => index)).toEqual([3, 2])
})

it('counts nothing in a class that has no images', () => {
  expect(doubtfulLabels([0.2, 0.8], [0], 2)).toEqual([])
})

it('refuses sizes and labels that do not fit', () => {
  expect(() => doubtfulLabels([1], [0], 2)).toThrow('expected 1 x 2')
  expect(() => doubtfulLabels([1, 0], [2], 2)).toThrow('label 2')
})
