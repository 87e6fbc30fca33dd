import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { methods } from '../../core/methods/registry.js'
import { resolveSettings } from '../../core/train/settings.js'
import { allKeys } from './check-values.js'
import { readConfig } from './config.js'
import { publishedConfigs } from './published.js'
import { trainers } from './trainers.js'
import { parseYaml, writeYaml } from './yaml.js'

/** The configuration that a method's defaults are. */
const main: Readonly<Record<string, string>> = {
  promptsrc: 'promptsrc/vit_b16_c2_ep20_batch4_4+4ctx',
  ivlp: 'ivlp/vit_b16_c2_ep20_batch4_4+4ctx',
  maple: 'maple/vit_b16_c2_ep5_batch4_2ctx',
  coop: 'coop/vit_b16_ep50',
  cocoop: 'cocoop/vit_b16_c4_ep10_batch1_ctxv1',
}

/** Methods without a configuration in the reference. */
const unpublished = [
  'proda',
  'kgcoop',
  'tcp',
  'mmrlpp',
  '2sfs',
  'clip-lora',
  'fine-tune',
  'bitfit',
  'skip-tuning',
  'prolip',
  'tip-adapter',
  'tip-adapter-f',
  'gda',
  'protext',
]

const registered = Object.keys(methods)

describe('the published configurations', () => {
  it('have a name each, and the file it stands for', () => {
    expect(new Set(publishedConfigs.map(({ name }) => name)).size).toBe(publishedConfigs.length)
    for (const { name, method } of publishedConfigs) expect(name).toMatch(new RegExp(`^${method}/[\\w+]+$`))
  })

  it.each(publishedConfigs.map((config) => [config.name, config] as const))(
    'can be read as a file: %s',
    async (name, { values, method }) => {
      expect(Object.fromEntries(parseYaml(writeYaml(new Map(Object.entries(values))), name))).toEqual(values)
      const { settings, withoutEffect } = await readConfig([name])
      expect(settings).toMatchObject({
        method,
        epochs: values['OPTIM.MAX_EPOCH'],
        learningRate: values['OPTIM.LR'],
        shots: 16,
      })
      expect(withoutEffect).toEqual([])
    },
  )

  it.each(publishedConfigs.map(({ name }) => name))('can be trained: %s', async (name) => {
    const { settings } = await readConfig([name])
    expect(resolveSettings(settings)).toMatchObject(settings)
  })

  it('cover every method there is', () => {
    expect(trainers.map(({ method }) => method).sort()).toEqual(Object.keys(main).sort())
    expect(registered.filter((name) => !unpublished.includes(name) && !(name in main))).toEqual([])
    expect(Object.keys(main).filter((name) => !registered.includes(name))).toEqual([])
  })

  it.each(registered.filter((name) => !unpublished.includes(name)))(
    'are what a method does by default: %s',
    async (method) => {
      const { settings } = await readConfig([main[method]!])
      expect(resolveSettings(settings)).toEqual(resolveSettings({ method }))
    },
  )
})

describe('the page about configurations', () => {
  const page = readFileSync(new URL('../../../docs/configurations.md', import.meta.url), 'utf8')

  it('names every key', () => {
    expect([...allKeys.keys()].filter((key) => !page.includes(`\`${key}\``))).toEqual([])
  })
})
