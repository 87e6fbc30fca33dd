import { expect, it } from 'vitest'
import { randomStream } from '../random.js'
import { expectedCalibrationError } from './metrics.js'
import { fitTemperature, negativeLogLikelihood, scaledLogits } from './temperature.js'

const CLASSES = 5

/** Logits z with labels drawn from softmax(z / temperature): that temperature is the one to be found. */
function drawn(count: number, temperature: number) {
  const random = randomStream(7, 'drawn', temperature)
  const logits = Float32Array.from({ length: count * CLASSES }, () => 8 * random.uniform())
  const labels = Array.from({ length: count }, (_, row) => {
    const weights = Array.from(logits.subarray(row * CLASSES, (row + 1) * CLASSES), (z) =>
      Math.exp(z / temperature),
    )
    let left = random.uniform() * weights.reduce((a, b) => a + b)
    return Math.max(
      0,
      weights.findIndex((weight) => {
        left -= weight
        return left < 0
      }),
    )
  })
  return { logits, labels }
}

it.each([0.5, 1, 3])('finds the temperature that a grid finds (%s)', (temperature) => {
  const { logits, labels } = drawn(300, temperature)
  const fitted = fitTemperature(logits, labels, CLASSES)
  const grid = Array.from({ length: 4000 }, (_, i) => 0.1 * 1.001 ** i)
  const losses = grid.map((t) => negativeLogLikelihood(logits, labels, CLASSES, t))
  const best = Math.min(...losses)
  expect(negativeLogLikelihood(logits, labels, CLASSES, fitted)).toBeLessThanOrEqual(best + 1e-12)
  const nearest = grid[losses.indexOf(best)]!
  expect(Math.abs(Math.log(fitted / nearest))).toBeLessThan(0.0011)
})

it('brings the calibration error of overconfident logits down', () => {
  const { logits, labels } = drawn(4000, 3)
  const scaled = scaledLogits(logits, fitTemperature(logits, labels, CLASSES))
  expect(expectedCalibrationError(logits, labels, CLASSES)).toBeGreaterThan(20)
  expect(expectedCalibrationError(scaled, labels, CLASSES)).toBeLessThan(3)
})

it('keeps 1 where every answer is right', () => {
  expect(fitTemperature(Float32Array.from([2, 1, 1, 3]), [0, 1], 2)).toBe(1)
})

it('gives the likelihood of a plain softmax', () => {
  const loss = negativeLogLikelihood(Float32Array.from([1, 2, 0, 0]), [0, 1], 2, 2)
  expect(loss).toBeCloseTo((-Math.log(Math.exp(0.5) / (Math.exp(0.5) + Math.exp(1))) - Math.log(0.5)) / 2, 10)
})
