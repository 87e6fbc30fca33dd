import { expect, it } from 'vitest'
import { farthestFirst } from './farthest-first.js'

// East, nearly east, north, west.
const features = Float32Array.from([1, 0, 0.8, 0.6, 0, 1, -1, 0])

it('takes the farthest of what is chosen, the earlier one of equals', () => {
  expect(farthestFirst(features, 2, 3)).toEqual([0, 3, 2])
})

it('starts from what is covered', () => {
  expect(farthestFirst(features, 2, 2, { covered: Float32Array.from([-1, 0]) })).toEqual([0, 2])
})

it('weighs distances', () => {
  expect(farthestFirst(features, 2, 1, { weights: [0.1, 0.9, 0.2, 0.3] })).toEqual([1])
})

it('leaves out copies, and rows of no weight', () => {
  expect(farthestFirst(Float32Array.from([1, 0, 1, 0]), 2, 2)).toEqual([0])
  expect(farthestFirst(features, 2, 4, { weights: [0, 0, 1, 0] })).toEqual([2])
})
