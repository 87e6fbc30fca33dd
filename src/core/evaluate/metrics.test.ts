import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { UserError } from '../errors.js'
import {
  accuracyOfClasses,
  confusionMatrix,
  evaluateLogits,
  expectedCalibrationError,
  harmonicMean,
  macroF1,
  predictions,
} from './metrics.js'

const golden = JSON.parse(readFileSync('test/golden/evaluator.json', 'utf8')) as {
  logits: number[][]
  labels: number[]
  pred: number[]
  result: { accuracy: number; macro_f1: number; perclass_accuracy: number }
}
const logits = new Float32Array(golden.logits.flat())
const classes = golden.logits[0]!.length

describe('evaluateLogits', () => {
  const metrics = evaluateLogits(logits, golden.labels, classes)

  it('predicts as the reference does, ties to the first class', () => {
    expect([...predictions(logits, classes)]).toEqual(golden.pred)
  })

  it('gives the reference accuracy, macro F1 and per-class mean', () => {
    expect(metrics.count).toBe(golden.labels.length)
    expect(metrics.accuracy).toBeCloseTo(golden.result.accuracy, 10)
    expect(metrics.macroF1).toBeCloseTo(golden.result.macro_f1, 10)
    expect(metrics.meanPerClassAccuracy).toBeCloseTo(golden.result.perclass_accuracy, 10)
  })

  it('has no accuracy for a class without images', () => {
    expect(golden.labels).not.toContain(4)
    expect(metrics.perClassAccuracy[4]).toBeNull()
    expect(metrics.perClassAccuracy.slice(0, 4).every((value) => typeof value === 'number')).toBe(true)
  })

  it('counts every image once in the confusion matrix', () => {
    expect(metrics.confusion.flat().reduce((a, b) => a + b)).toBe(golden.labels.length)
    expect(metrics.confusion[2]![4]).toBe(
      golden.labels.filter((label, i) => label === 2 && golden.pred[i] === 4).length,
    )
  })

  it('refuses an empty set, non-finite logits and labels that do not fit', () => {
    expect(() => evaluateLogits(new Float32Array(), [], 3)).toThrow(UserError)
    expect(() => evaluateLogits(new Float32Array([1, Number.NaN]), [0], 2)).toThrow(
      'NaN for image 0, class 1',
    )
    expect(() => evaluateLogits(new Float32Array([1, Number.POSITIVE_INFINITY]), [0], 2)).toThrow('Infinity')
    expect(() => evaluateLogits(new Float32Array([1, 2]), [2], 2)).toThrow('label 2 of image 0')
    expect(() => evaluateLogits(new Float32Array([1, 2, 3]), [0], 2)).toThrow(RangeError)
    expect(() => evaluateLogits(new Float32Array([1, 2]), [0, 1], 2)).toThrow(RangeError)
  })
})

it('accuracyOfClasses counts the images of some classes, each among all classes', () => {
  const logits = Float32Array.of(2, 1, 0, 0, 1, 2, 0, 2, 1, 3, 0, 1)
  const metrics = evaluateLogits(logits, [0, 1, 1, 2], 3)
  expect(accuracyOfClasses(metrics, [0, 1])).toBeCloseTo((100 * 2) / 3, 9)
  expect(accuracyOfClasses(metrics, [2])).toBe(0)
  expect(accuracyOfClasses(metrics, [])).toBeNull()
})

describe('macroF1', () => {
  it('counts a present class that is never predicted as 0', () => {
    // Class 0: TP 1, FP 1, FN 0 -> 2/3. Class 1: 0. Class 2 does not occur.
    expect(macroF1(confusionMatrix([0, 1], [0, 0], 3))).toBeCloseTo(100 / 3, 10)
  })
})

describe('expectedCalibrationError', () => {
  const row = (p: number) => [Math.log(p), Math.log(1 - p)]

  it('is the weighted gap between accuracy and confidence of each bin', () => {
    // Confidence 0.8 twice (bin 12 of 15): one right of two, gap 0.3, weight 2/3. Confidence 0.6 (bin 9), right: gap 0.4, weight 1/3.
    const logits = new Float32Array([...row(0.8), ...row(0.8), ...row(0.6)])
    expect(expectedCalibrationError(logits, [0, 1, 0], 2)).toBeCloseTo(100 * (0.3 * (2 / 3) + 0.4 / 3), 4)
  })

  it('adds up in one bin what would cancel, and keeps bins apart otherwise', () => {
    const logits = new Float32Array([...row(0.7), ...row(0.8)])
    expect(expectedCalibrationError(logits, [0, 1], 2, 1)).toBeCloseTo(100 * Math.abs(0.5 - 0.75), 4)
    expect(expectedCalibrationError(logits, [0, 1], 2, 15)).toBeCloseTo(100 * (0.3 + 0.8) * 0.5, 4)
  })

  it('is zero for certain and right predictions, also where the other probabilities underflow', () => {
    expect(expectedCalibrationError(new Float32Array([4000, 0, 0, 4000]), [0, 1], 2)).toBe(0)
  })
})

describe('harmonicMean', () => {
  it('is below the arithmetic mean and 0 for two zeros', () => {
    expect(harmonicMean(80, 60)).toBeCloseTo(68.5714285, 6)
    expect(harmonicMean(0, 0)).toBe(0)
    expect(harmonicMean(50, 0)).toBe(0)
  })
})
