import { describe, expect, it } from 'vitest'
import { trainingsOf } from './protocol.js'

describe('the trainings of', () => {
  it('base-to-novel are of base classes, measured on base, novel and all ones of the same data set', () => {
    expect(trainingsOf('base-to-novel', { datasets: ['A', 'B'], shots: [16] })).toEqual(
      ['A', 'B'].map((source) => ({
        source,
        classes: 'base',
        shots: 16,
        measures: [
          { dataset: source, classes: 'base' },
          { dataset: source, classes: 'novel' },
          { dataset: source, classes: 'all' },
        ],
      })),
    )
  })

  it('cross-dataset are of one source, measured on it and every target once', () => {
    const trainings = trainingsOf('cross-dataset', { source: 'S', datasets: ['A', 'S', 'B'], shots: [16] })
    expect(trainings).toEqual([
      {
        source: 'S',
        classes: 'all',
        shots: 16,
        measures: ['S', 'A', 'B'].map((dataset) => ({ dataset, classes: 'all' })),
      },
    ])
  })

  it('few-shot are of all classes, one for each data set and number of shots', () => {
    const trainings = trainingsOf('few-shot', { datasets: ['A', 'B'], shots: [1, 2] })
    expect(trainings.map(({ source, shots, classes }) => [source, shots, classes])).toEqual([
      ['A', 1, 'all'],
      ['B', 1, 'all'],
      ['A', 2, 'all'],
      ['B', 2, 'all'],
    ])
    expect(trainings[0]!.measures).toEqual([{ dataset: 'A', classes: 'all' }])
  })
})
