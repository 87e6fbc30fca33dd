import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc, promptsrcProcess } from '../support/command.js'
import { layouts, writeLayout } from '../support/dataset-layouts.js'
import { colourNames, photoFolder } from '../support/photo-folder.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-zero-shot-'))
const zeroShot = (...args: string[]) => promptsrc(folder, 'zero-shot', 'photos', '--threads', '1', ...args)
const figures = async (...args: string[]) => {
  const { code, stdout, stderr } = await zeroShot(...args, '--json')
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout)
}

beforeAll(() => photoFolder(join(folder, 'photos')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('promptsrc zero-shot', () => {
  it('prints figures for a person, and nothing but them without a terminal', async () => {
    const { code, stdout, stderr } = await promptsrcProcess(folder, 'zero-shot', 'photos', '--threads', '1')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^templates {3}a photo of a \{\}\.\nimages {6}12\naccuracy {4}[\d.]+ %$/m)
    for (const name of colourNames) expect(stdout).toMatch(new RegExp(`^${name} +3 +[\\d.]+$`, 'm'))
  })

  it('gives the same as JSON, for some of the classes', async () => {
    const { classNames, count, accuracy, confusion, templates } = await figures('--classes', 'novel')
    expect(classNames).toEqual(colourNames.slice(2))
    expect(templates).toEqual(['a photo of a {}.'])
    expect(count).toBe(6)
    expect(accuracy).toBeCloseTo((100 * (confusion[0][0] + confusion[1][1])) / 6, 10)
  })

  it('averages a list of templates, which gives other figures', async () => {
    const single = await figures()
    const ensemble = await figures('--templates', 'clip7')
    expect(ensemble.templates).toHaveLength(8)
    expect(ensemble.expectedCalibrationError).not.toBe(single.expectedCalibrationError)
    writeFileSync(join(folder, 'own.txt'), `${ensemble.templates.join('\n')}\n`)
    expect(await figures('--templates', 'own.txt')).toEqual(ensemble)
  })

  it('takes a template of the user', async () => {
    const own = await figures('--template', 'a drawing of the {}.')
    expect(own.templates).toEqual(['a drawing of the {}.'])
  })

  it("takes a published data set's own template", async () => {
    writeLayout(join(folder, 'datasets'), layouts.OxfordPets)
    const { code, stdout, stderr } = await promptsrc(
      folder,
      ...['zero-shot', 'oxford_pets', '--root', 'datasets', '--json'],
    )
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout).templates).toEqual(['a photo of a {}, a type of pet.'])
  })

  it('refuses templates that cannot work', async () => {
    writeFileSync(join(folder, 'bad.txt'), 'a photo of a {}.\na photo.\n')
    expectRefused(await zeroShot('--template', '{} {}'), 'template "{} {}" has 2 {}')
    expectRefused(await zeroShot('--templates', 'bad.txt'), 'templates bad.txt, line 2: "a photo." has no {}')
    expectRefused(await zeroShot('--templates', 'clip81'), 'clip81: no such file', 'Did you mean clip80')
    expectRefused(await zeroShot('--template', '{}', '--templates', 'clip80'), 'cannot be used with')
    expectRefused(await zeroShot('--template', `{} ${'very '.repeat(90)}`), 'very')
  })

  it('refuses a bad image, and leaves it out where that is asked', async () => {
    await photoFolder(join(folder, 'damaged'))
    writeFileSync(join(folder, 'damaged/test/red_square/1.png'), 'no picture')
    const damaged = (...args: string[]) => promptsrc(folder, 'zero-shot', 'damaged', ...args)
    expectRefused(await damaged(), 'damaged/test/red_square/1.png', '--skip-bad-images')
    const { code, stdout, stderr } = await damaged('--skip-bad-images', '--json')
    expect(code).toBe(0)
    expect(stderr).toMatch(/^left out: .*red_square\/1\.png/)
    expect(JSON.parse(stdout)).toMatchObject({ count: 11, skipped: [expect.stringContaining('1.png')] })
  })
})
