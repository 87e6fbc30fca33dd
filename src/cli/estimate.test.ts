import { expect, it } from 'vitest'
import type { TrainingCost } from '../core/train/training-cost.js'
import { longRunNote, plannedNote } from './estimate.js'

const cost = (flops: Partial<TrainingCost['flops']>): TrainingCost => ({
  flops: { steps: 0, images: 0, texts: 0, ...flops },
  applications: 0,
  steps: 800,
  memory: 1.72e9,
})

it('a run is told its time and memory before it starts, and a long one the faster way', () => {
  const long = cost({ steps: 300e12 })
  expect(plannedNote({ cost: long, rate: 150e9, fast: cost({ images: 12e12 }) })).toBe(
    'estimate: about 39 minutes at 150 GFLOPS in matrix products, at most 1.7 GB of memory; ' +
      'with --fast another method learns from frozen features, in about 2 minutes',
  )
  expect(plannedNote({ cost: long, rate: 1500e9, fast: cost({ images: 12e12 }) })).toBe(
    'estimate: about 4 minutes at 1500 GFLOPS in matrix products, at most 1.7 GB of memory',
  )
  expect(plannedNote({ cost: long, rate: 150e9 })).not.toMatch(/--fast/)
  expect(plannedNote({ cost: cost({}), rate: undefined })).toMatch(/^estimate: less than a minute, /)
})

it('a run that turns out long is told so by its later steps, with the faster way where it was not named', () => {
  const steps = { seconds: [30, 2.4, 2.6], stepsLeft: 1000 }
  expect(longRunNote({ ...steps, said: 300 })).toMatch(
    /^estimate: 43 minutes to go at 2.6 s a step; with --fast another method/,
  )
  expect(longRunNote({ ...steps, said: 1300 })).toBe('estimate: 43 minutes to go at 2.6 s a step')
  expect(longRunNote({ seconds: [30, 3.6, 3.6], stepsLeft: 10_000, said: undefined })).toMatch(/10.0 hours/)
})

it('a run that goes on as was said, or is short, is told nothing', () => {
  expect(longRunNote({ seconds: [30, 2.4, 2.6], stepsLeft: 1000, said: 2000 })).toBeUndefined()
  expect(longRunNote({ seconds: [30, 1.2, 1.2], stepsLeft: 1000, said: undefined })).toBeUndefined()
  expect(longRunNote({ seconds: [30], stepsLeft: 1000, said: undefined })).toBeUndefined()
})
