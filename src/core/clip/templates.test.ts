import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../errors.js'
import {
  clipTemplates,
  datasetTemplate,
  datasetTemplates,
  ensembleTemplates,
  fillTemplate,
  promptSrcTemplates,
  readableClassName,
  selectedTemplates,
} from './templates.js'

const golden = JSON.parse(readFileSync('test/golden/templates.json', 'utf8')) as {
  custom_templates: Record<string, string>
  imagenet_templates_promptsrc: string[]
  imagenet_templates_coop: string[]
  imagenet_templates_select: string[]
}

describe('template lists', () => {
  it('equal the reference in content and order', () => {
    expect(datasetTemplates).toEqual(golden.custom_templates)
    expect(promptSrcTemplates).toEqual(golden.imagenet_templates_promptsrc)
    expect(clipTemplates).toEqual(golden.imagenet_templates_coop)
    expect(selectedTemplates).toEqual(golden.imagenet_templates_select)
  })

  it.each(['zs_rn_ens7_imagenet', 'zs_vit_ens7plus1_eurosat'])('make the ensemble of case %s', (name) => {
    const { dataset_name, results } = JSON.parse(readFileSync(`test/golden/cases/${name}.json`, 'utf8'))
    expect(ensembleTemplates(dataset_name)).toEqual(results.templates)
  })

  it('fall back to the plain photo, also for a name that every object has', () => {
    expect(datasetTemplate('my photos')).toBe('a photo of a {}.')
    expect(datasetTemplate('constructor')).toBe('a photo of a {}.')
  })
})

describe('fillTemplate', () => {
  it('takes the class name literally', () => {
    expect(fillTemplate('a photo of a {}.', 'red fox')).toBe('a photo of a red fox.')
    expect(fillTemplate('{} texture.', "$& {} $1 {0} $'")).toBe("$& {} $1 {0} $' texture.")
  })

  it('fills every slot', () => {
    expect(fillTemplate('a {}, yes a {}', 'cat')).toBe('a cat, yes a cat')
  })

  it('refuses a template without a slot', () => {
    expect(() => fillTemplate('a photo', 'cat')).toThrow(ConfigError)
  })
})

describe('readableClassName', () => {
  it('changes underscores alone', () => {
    expect(readableClassName('Boeing_737-800__x.')).toBe('Boeing 737-800  x.')
  })
})
