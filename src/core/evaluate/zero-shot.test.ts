import { describe, expect, it } from 'vitest'
import { clipTemplates, promptSrcTemplates, selectedTemplates } from '../clip/templates.js'
import { ConfigError } from '../errors.js'
import { templatesFor } from './zero-shot.js'

describe('templatesFor', () => {
  it.each([
    ['OxfordPets', 'a photo of a {}, a type of pet.'],
    ['oxford_pets', 'a photo of a {}, a type of pet.'],
    ['OXFORD-PETS', 'a photo of a {}, a type of pet.'],
    ['dtd', '{} texture.'],
    ['describable_textures', '{} texture.'],
    ['eurosat', 'a centered satellite photo of {}.'],
    ['imagenet_sketch', 'a photo of a {}.'],
    ['holiday', 'a photo of a {}.'],
    ['constructor', 'a photo of a {}.'],
  ])("gives %s the data set's own template", (dataset, template) => {
    expect(templatesFor({ kind: 'dataset' }, { name: dataset })).toEqual([template])
  })

  it("adds the data set's own to the selected seven, but for ImageNet", () => {
    const clip7 = { kind: 'ensemble', name: 'clip7' } as const
    expect(templatesFor(clip7, { name: 'fgvc_aircraft' })).toEqual([
      ...selectedTemplates,
      'a photo of a {}, a type of aircraft.',
    ])
    expect(templatesFor(clip7, { name: 'imagenet' })).toEqual(selectedTemplates)
    expect(templatesFor(clip7, { name: 'imagenetv2' })).toHaveLength(8)
    expect(templatesFor(clip7, { name: 'holiday' })).toHaveLength(8)
  })

  it('has the lists of 80 and of 60', () => {
    expect(templatesFor({ kind: 'ensemble', name: 'clip80' }, { name: 'dtd' })).toEqual(clipTemplates)
    expect(templatesFor({ kind: 'ensemble', name: 'promptsrc60' }, { name: 'dtd' })).toEqual(
      promptSrcTemplates,
    )
    expect([clipTemplates.length, promptSrcTemplates.length]).toEqual([80, 60])
  })

  it.each([
    ['a photo of a cat.', 'has no {} for the class name'],
    ['', 'has no {}'],
    ['a {} beside a {}.', 'has 2 {}'],
  ])('refuses the template "%s"', (template, message) => {
    const choose = () => templatesFor({ kind: 'custom', templates: ['a {}.', template] }, { name: 'toy' })
    expect(choose).toThrow(ConfigError)
    expect(choose).toThrow(message)
  })
})
