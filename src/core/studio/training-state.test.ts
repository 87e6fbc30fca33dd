import { expect, it } from 'vitest'
import { isBusy, shareDone, TrainingFollower } from './training-state.js'

it('tells phase, curve, share and time left from what happens', () => {
  const training = new TrainingFollower()
  expect(isBusy(training.state)).toBe(false)
  training.take({ type: 'begin', run: 'run-1' })
  expect(isBusy(training.state)).toBe(true)
  expect(shareDone(training.state)).toBeUndefined()
  training.take({ type: 'download', received: 25, total: 100 })
  expect(shareDone(training.state)).toBe(0.25)
  training.take({ type: 'start', at: 0, epochs: 2, stepsPerEpoch: 4, curve: [] })
  // The first step is slow, and says nothing of the others.
  training.take({ type: 'step', at: 9000, epoch: 1, step: 1 })
  expect(training.state.secondsLeft).toBeUndefined()
  training.take({ type: 'step', at: 10_000, epoch: 1, step: 2 })
  expect(training.state.secondsLeft).toBe(6)
  training.take({ type: 'step', at: 12_000, epoch: 1, step: 4 })
  expect(training.state.secondsLeft).toBe(4)
  training.take({ type: 'epoch', loss: 1.5, accuracy: 75 })
  expect(training.state).toMatchObject({ phase: 'training', steps: 4, curve: [{ loss: 1.5, accuracy: 75 }] })
  expect(shareDone(training.state)).toBe(0.5)
  training.take({ type: 'measure', done: 1, total: 4 })
  expect(training.state.secondsLeft).toBeUndefined()
  expect(shareDone(training.state)).toBe(0.25)
  training.take({ type: 'finish' })
  expect([isBusy(training.state), shareDone(training.state)]).toEqual([false, 1])
})

it('goes on from the epochs that were there, and keeps them when it fails', () => {
  const training = new TrainingFollower()
  training.take({ type: 'begin', run: 'run-2' })
  training.take({
    type: 'start',
    at: 0,
    epochs: 4,
    stepsPerEpoch: 5,
    curve: [{ loss: 2, accuracy: 50 }],
  })
  expect(training.state.steps).toBe(5)
  training.take({ type: 'fail', message: 'the disk is full', hint: 'Free some space.' })
  expect(training.state).toMatchObject({ phase: 'failed', curve: [{ loss: 2 }], run: 'run-2' })
  expect(training.take({ type: 'begin', run: 'run-3' })).toMatchObject({ phase: 'preparing', curve: [] })
})
