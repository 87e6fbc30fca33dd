import { expect, it } from 'vitest'
import { rangeNormalised } from './logit-range.js'
import { predictions } from './metrics.js'

it("gives every image's logits the lowest and the highest of zero-shot CLIP, and changes no order", () => {
  const logits = Float32Array.of(0, 10, 20, 5, -5, 45)
  const zeroShot = Float32Array.of(20, 21, 22, 30, 25, 26)
  const scaled = rangeNormalised(logits, zeroShot, 3)
  expect(Array.from(scaled)).toEqual([20, 21, 22, 26, 25, 30])
  expect(predictions(scaled, 3)).toEqual(predictions(logits, 3))
})

it('leaves logits that are all alike so, and those that have the range already', () => {
  expect(Array.from(rangeNormalised(Float32Array.of(3, 3), Float32Array.of(1, 2), 2))).toEqual([1, 1])
  const same = Float32Array.of(1, 4, 2)
  expect(rangeNormalised(same, Float32Array.of(4, 1, 3), 3)).toEqual(same)
  expect(() => rangeNormalised(same, Float32Array.of(1), 3)).toThrow(RangeError)
})
