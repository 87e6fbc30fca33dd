import { expect, it } from 'vitest'
import { randomStream } from '../random.js'
import { acceptanceThreshold, conceptScores, noneOfThese, thresholdFor } from './none-of-these.js'

it('scores an image by the softmax of its similarities at the given temperature', () => {
  const cosines = [0.31, 0.22, 0.25]
  const logits = Float32Array.from([...cosines, 0.1, 0.1, 0.1].map((s) => 100 * s))
  const weights = cosines.map(Math.exp)
  const [first, second] = conceptScores(logits, 3, 100)
  expect(first).toBeCloseTo(weights[0]! / weights.reduce((a, b) => a + b), 7)
  expect(second).toBeCloseTo(1 / 3, 12)
})

it('tells images apart whose probabilities are all 1', () => {
  const [near, far] = conceptScores(Float32Array.from([100, 0, 200, 0]), 2, 100)
  expect(far).toBeGreaterThan(near!)
  expect(conceptScores(Float32Array.from([100, 0, 200, 0]), 2, 1)).toEqual(Float64Array.from([1, 1]))
})

it.each([
  [0.95, 20],
  [0.95, 100],
  [0.07, 100],
  [0.5, 3],
  [1, 7],
  [0.01, 5],
])('accepts at least %s of %i images, and less one step higher', (share, count) => {
  const random = randomStream(1, 'scores', count)
  const scores = Array.from({ length: count }, () => random.uniform())
  const threshold = acceptanceThreshold(scores, share)
  const accepted = (limit: number) => scores.filter((score) => score >= limit).length / count
  expect(accepted(threshold)).toBeGreaterThanOrEqual(share - 1e-12)
  const higher = Math.min(...scores.filter((score) => score > threshold))
  expect(accepted(higher)).toBeLessThan(share - 1e-12)
})

it('accepts equal scores together', () => {
  expect(acceptanceThreshold([0.5, 0.5, 0.5, 0.9], 0.5)).toBe(0.5)
})

it('refuses to set a threshold on nothing, or for a share that is none', () => {
  expect(() => acceptanceThreshold([], 0.95)).toThrow('no scores')
  expect(() => acceptanceThreshold([1], 95)).toThrow('share 95')
})

it('accepts an image exactly at the threshold and none below it', () => {
  const logits = Float32Array.from([2, 1])
  const { score } = noneOfThese(logits, { temperature: 1, threshold: 0 })
  expect(noneOfThese(logits, { temperature: 1, threshold: score })).toEqual({ score, accepted: true })
  expect(noneOfThese(logits, { temperature: 1, threshold: score + 1e-9 }).accepted).toBe(false)
})

it('keeps its meaning where classes are added that are as unlike the image as the others', () => {
  const logits = (classes: number) => Float32Array.from({ length: classes }, (_, i) => (i === 0 ? 30 : 29))
  const [four] = conceptScores(logits(400), 400, 100)
  const [more] = conceptScores(logits(500), 500, 100)
  expect(thresholdFor(four!, 400, 500)).toBeCloseTo(more!, 7)
  expect(thresholdFor(0.3, 4, 4)).toBe(0.3)
})
