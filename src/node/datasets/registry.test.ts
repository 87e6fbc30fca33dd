import { describe, expect, it } from 'vitest'
import { datasetTemplates } from '../../core/clip/templates.js'
import { ConfigError } from '../../core/errors.js'
import { datasetNamed, datasets } from './registry.js'

describe('datasetNamed', () => {
  it.each(datasets.map((source) => [source.name, source.alias, source] as const))(
    'finds %s by name and by %s, in any case',
    (name, alias, source) => {
      for (const spelling of [name, alias, name.toUpperCase(), alias.toUpperCase()]) {
        expect(datasetNamed(spelling)).toBe(source)
      }
    },
  )

  it.each([
    ['DTD', 'DescribableTextures'],
    ['Flowers102', 'OxfordFlowers'],
    ['ImageNet-V2', 'ImageNetV2'],
    ['imagenet_v2', 'ImageNetV2'],
    ['caltech-101', 'Caltech101'],
  ])('finds what papers call %s', (spelling, name) => {
    expect(datasetNamed(spelling).name).toBe(name)
  })

  it('suggests names for one that is misspelt', () => {
    const attempt = () => datasetNamed('OxfrdPets')
    expect(attempt).toThrow(ConfigError)
    expect(attempt).toThrow('unknown data set "OxfrdPets"')
    try {
      attempt()
    } catch (error) {
      expect((error as ConfigError).hint).toContain('OxfordPets')
    }
  })

  it('lists all names for one like none', () => {
    try {
      datasetNamed('something else entirely')
    } catch (error) {
      for (const { name } of datasets) expect((error as ConfigError).hint).toContain(name)
    }
    expect.assertions(15)
  })
})

describe('the published data sets', () => {
  it('are those that have templates of their own, under the same names', () => {
    expect(datasets.map(({ name }) => name).sort()).toEqual(Object.keys(datasetTemplates).sort())
    for (const { name, template } of datasets) expect(template).toBe(datasetTemplates[name])
  })

  it('have different names, aliases and folders', () => {
    for (const key of ['name', 'alias', 'folder', 'title'] as const) {
      expect(new Set(datasets.map((source) => source[key])).size).toBe(15)
    }
  })
})
