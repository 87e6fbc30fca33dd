import { describe, expect, it } from 'vitest'
import { methods } from '../methods/registry.js'
import { learningRate } from './schedule.js'
import { resolveSettings, scheduleOf } from './settings.js'

describe('settings', () => {
  it('default to the published configuration', () => {
    const settings = resolveSettings({})
    expect(settings).toMatchObject({
      method: 'promptsrc',
      epochs: 20,
      batchSize: 4,
      learningRate: 0.0025,
      shots: 16,
      seed: 1,
    })
    expect(settings.methodOptions).toMatchObject({ gpaMean: 15, gpaStd: 1 })
    expect(learningRate(scheduleOf(settings), 1)).toBe(1e-5)
    expect(learningRate(scheduleOf(settings), 2)).toBe(0.0025)
  })

  it.each(Object.keys(methods))('of %s are settings again, as a run that goes on reads them', (method) => {
    const settings = resolveSettings({ method })
    expect(resolveSettings(settings)).toEqual(settings)
  })

  it('place the Gaussian aggregation relative to the number of epochs, unless it is given', () => {
    expect(resolveSettings({ epochs: 8 }).methodOptions).toMatchObject({ gpaMean: 6, gpaStd: 1 })
    expect(resolveSettings({ epochs: 40 }).methodOptions).toMatchObject({ gpaMean: 30, gpaStd: 2 })
    expect(resolveSettings({ epochs: 8, methodOptions: { gpaMean: 3 } }).methodOptions).toMatchObject({
      gpaMean: 3,
    })
  })

  it('name what is wrong', () => {
    expect(() => resolveSettings({ method: 'coop2' })).toThrow(/unknown method "coop2"/)
    expect(() => resolveSettings({ epochs: 0 })).toThrow(/epochs/)
    expect(() => resolveSettings({ methodOptions: { textWeight: 3 } })).toThrow(
      /unknown promptsrc option: textWeight/,
    )
    expect(() => resolveSettings({ methodOptions: { gpaStd: -1 } })).toThrow(/gpaStd/)
  })
})
