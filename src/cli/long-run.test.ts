import { expect, it } from 'vitest'
import { longRunNote } from './long-run.js'

it('a run of over 20 minutes is told its time and memory by its later steps, and the faster way', () => {
  const note = longRunNote({ seconds: [30, 2.4, 2.6], stepsLeft: 1000, memory: 1.72e9 })
  expect(note).toMatch(/^estimate: 43 minutes to go at 2.6 s a step, about 1.7 GB of memory; with --fast/)
  expect(longRunNote({ seconds: [30, 3.6, 3.6], stepsLeft: 10_000, memory: 1e9 })).toMatch(/10.0 hours/)
})

it('a shorter run is told nothing, whatever its first step took', () => {
  expect(longRunNote({ seconds: [30, 1.2, 1.2], stepsLeft: 1000, memory: 1e9 })).toBeUndefined()
  expect(longRunNote({ seconds: [30], stepsLeft: 1000, memory: 1e9 })).toBeUndefined()
})
