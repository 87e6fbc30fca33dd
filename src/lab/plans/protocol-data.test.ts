import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../core/errors.js'
import { toyProtocols } from '../../core/world/protocols.js'
import { toyGroup } from './embedded.js'
import { protocolData } from './protocol-data.js'

const groups = { toy: toyGroup }

describe('the data of a protocol', () => {
  it('are the paper’s by default', () => {
    const { datasets, shots } = protocolData('base-to-novel', {})
    expect([datasets.length, datasets[0], shots]).toEqual([11, 'ImageNet', [16]])
    expect(protocolData('cross-dataset', {})).toMatchObject({ source: 'ImageNet' })
    expect(protocolData('cross-dataset', {}).datasets).not.toContain('ImageNet')
    expect(protocolData('few-shot', {}).shots).toEqual([1, 2, 4, 8, 16])
  })

  it('take groups, names and paths together, each once, and the first group’s source', () => {
    const { source, datasets } = protocolData('cross-dataset', {
      datasets: ['toy', 'photos', 'photos'],
      groups,
    })
    expect(source).toBe(toyProtocols['cross-dataset'].source)
    expect(datasets.at(-1)).toBe('photos')
    expect(new Set(datasets).size).toBe(datasets.length)
  })

  it('take another source and other shots', () => {
    const choice = { datasets: ['EuroSAT'], source: 'photos', shots: [4] }
    expect(protocolData('cross-dataset', choice)).toEqual({
      source: 'photos',
      datasets: ['EuroSAT'],
      shots: [4],
    })
  })

  it('refuse shots where these mean nothing', () => {
    for (const protocol of ['text-only', 'fully-supervised'] as const) {
      expect(() => protocolData(protocol, { shots: [4] })).toThrow(`--shots 4: ${protocol} `)
    }
  })

  it('refuse a source where every data set is its own', () => {
    expect(() => protocolData('few-shot', { source: 'ImageNet' })).toThrow(ConfigError)
  })
})
