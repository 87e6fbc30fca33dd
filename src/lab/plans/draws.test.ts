import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../core/errors.js'
import { drawnAnew, drawOf, drawsOf } from './draws.js'

describe('names of draws', () => {
  it('are taken apart for emoji sets alone', () => {
    expect(drawOf('emoji-food-disjoint@12')).toEqual({ set: 'emoji-food-disjoint', draw: 12 })
    expect(drawOf('emoji-food')).toEqual({ set: 'emoji-food' })
    expect(drawOf('photos@2')).toEqual({ set: 'photos@2' })
  })

  it('are those of every draw of what can be drawn anew', () => {
    expect(drawsOf('emoji-sky', 3)).toEqual(['emoji-sky@1', 'emoji-sky@2', 'emoji-sky@3'])
    expect(drawsOf('photos', 3)).toEqual(['photos'])
  })
})

describe('a protocol drawn anew', () => {
  it('has source and targets of one draw together', () => {
    const data = { source: 'emoji-source', datasets: ['emoji-food', 'emoji-sky'], shots: [16] }
    expect(drawnAnew(data, 2)).toEqual([
      { source: 'emoji-source@1', datasets: ['emoji-food@1', 'emoji-sky@1'], shots: [16] },
      { source: 'emoji-source@2', datasets: ['emoji-food@2', 'emoji-sky@2'], shots: [16] },
    ])
  })

  it('has what cannot be drawn anew once', () => {
    const both = drawnAnew({ datasets: ['photos', 'emoji-food'], shots: [16] }, 2)
    expect(both.map(({ datasets }) => datasets)).toEqual([['photos', 'emoji-food@1'], ['emoji-food@2']])
  })

  it('stays as it is without a number, and refuses one for data that lie in files', () => {
    const data = { datasets: ['photos'], shots: [16] }
    expect(drawnAnew(data, undefined)).toEqual([data])
    expect(() => drawnAnew(data, 3)).toThrow(ConfigError)
  })
})
