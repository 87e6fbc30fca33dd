import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { clipTemplates, promptSrcTemplates, selectedTemplates } from '../clip/templates.js'
import { ConfigError } from '../errors.js'
import { templateChoice, templatesFor } from './zero-shot.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-templates-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(content: string | Uint8Array): string {
  const path = join(folder, 'templates.txt')
  writeFileSync(path, content)
  return path
}

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

describe('templateChoice', () => {
  it('knows the lists by name', async () => {
    expect(await templateChoice('dataset')).toEqual({ kind: 'dataset' })
    expect(await templateChoice('photo')).toEqual({ kind: 'custom', templates: ['a photo of a {}.'] })
    expect(await templateChoice('clip7')).toEqual({ kind: 'ensemble', name: 'clip7' })
  })

  it('reads a file with a template a line', async () => {
    const choice = await templateChoice(file('a {} in the snow.\r\n\n  art of {}.\n'))
    expect(choice).toEqual({ kind: 'custom', templates: ['a {} in the snow.', 'art of {}.'] })
  })

  it.each([
    ['art of {}.\na photo.\n', 'line 2: "a photo." has no {}'],
    ['{} and {}\n', 'line 1: "{} and {}" has 2 {}'],
    ['\n \n', 'there are none'],
    [Uint8Array.of(0xff, 0xfe, 0x7b, 0x7d), 'not UTF-8 text'],
  ])('refuses a file of %j', async (content, message) => {
    const path = file(content)
    await expect(templateChoice(path)).rejects.toThrow(ConfigError)
    await expect(templateChoice(path)).rejects.toThrow(message)
    await expect(templateChoice(path)).rejects.toThrow(path)
  })

  it('refuses a name that is neither a list nor a file, and a folder', async () => {
    await expect(templateChoice('clip8')).rejects.toMatchObject({
      message: expect.stringContaining('clip8: no such file, and none of dataset, photo, clip7'),
      hint: expect.stringMatching(/Did you mean clip(7|80)/),
    })
    await expect(templateChoice(folder)).rejects.toThrow('cannot be read (EISDIR)')
  })
})
