import { expect, it } from 'vitest'
import { randomStream } from '../random.js'
import { auroc, falsePositiveRate, scoreHistogram, shareAccepted } from './open-set.js'

/** Scores of few different values, so that there are many ties. */
const scores = (name: string, count: number, lift: number) => {
  const random = randomStream(3, name)
  return Array.from({ length: count }, () => Math.round(10 * (random.uniform() + lift)) / 10)
}

it.each([
  [40, 30, 0.3],
  [1, 25, 0],
  [60, 60, -0.2],
])('counts pairs as a comparison of every pair does (%i and %i images)', (n, m, lift) => {
  const known = scores('known', n, lift)
  const other = scores('other', m, 0)
  let wins = 0
  for (const a of known) for (const b of other) wins += a > b ? 1 : a === b ? 0.5 : 0
  expect(auroc(known, other)).toBeCloseTo((100 * wins) / (n * m), 10)
})

it('gives 100 for scores apart, 50 for equal ones, 0 for reversed ones', () => {
  expect(auroc([2, 3], [0, 1])).toBe(100)
  expect(auroc([1, 1], [1])).toBe(50)
  expect(auroc([0], [1, 2])).toBe(0)
})

it('measures false positives at the highest threshold that accepts the wanted share', () => {
  const known = scores('known', 40, 0.3)
  const other = scores('other', 30, 0)
  const limits = [...new Set([...known, ...other])].filter(
    (limit) => known.filter((score) => score >= limit).length / known.length >= 0.95,
  )
  const passed = other.filter((score) => score >= Math.max(...limits)).length
  expect(falsePositiveRate(known, other)).toBeCloseTo((100 * passed) / other.length, 10)
  expect(shareAccepted(known, Math.max(...limits))).toBeGreaterThanOrEqual(95)
})

it('counts every score in one interval, the highest in the last', () => {
  const bins = scoreHistogram([0, 0.5, 1], [0.25, 0.24, 0], 4)
  expect(bins.map(({ known }) => known)).toEqual([1, 0, 1, 1])
  expect(bins.map(({ other }) => other)).toEqual([2, 1, 0, 0])
  expect(bins.map(({ from }) => from)).toEqual([0, 0.25, 0.5, 0.75])
  expect(scoreHistogram([0.5], [0.5], 2).map(({ known, other }) => [known, other])).toEqual([
    [1, 1],
    [0, 0],
  ])
})
