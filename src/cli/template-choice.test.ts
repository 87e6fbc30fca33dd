import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ConfigError } from '../core/errors.js'
import { templateChoice } from './template-choice.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-templates-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function file(content: string | Uint8Array): string {
  const path = join(folder, 'templates.txt')
  writeFileSync(path, content)
  return path
}

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
