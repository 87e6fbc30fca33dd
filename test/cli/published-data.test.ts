import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectRefused, promptsrc } from '../support/command.js'
import { layouts, writeLayout } from '../support/dataset-layouts.js'

const folder = mkdtempSync(join(tmpdir(), 'promptsrc-published-'))
const run = (...args: string[]) => promptsrc(folder, ...args)
const quick = ['--model', 'tiny', '--shots', '2', '--epochs', '2', '--threads', '1']

// Two classes of ImageNet have one name, as in CLIP's list.
const twins = 'n01440764 missile\nn01443537 goldfish\nn02012849 missile\n'
beforeAll(() =>
  writeLayout(join(folder, 'datasets'), {
    ...layouts.OxfordPets,
    ...layouts.ImageNetR,
    'imagenet-rendition/classnames.txt': twins,
  }),
)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('a published data set on the command line', () => {
  it('is trained on and measured by its name below --root, with warnings', async () => {
    const trained = await run('train', 'oxford_pets', '--root', 'datasets', ...quick, '--out', 'pets')
    expect(trained).toMatchObject({ code: 0 })
    expect(trained.stderr).toMatch(/warning: OxfordPets: .* has no split_zhou_OxfordPets\.json/)
    const evaluated = await run('eval', 'pets', 'OxfordPets', '--root', 'datasets', '--json')
    expect(evaluated).toMatchObject({ code: 0 })
    expect(JSON.parse(evaluated.stdout)).toMatchObject({ data: 'OxfordPets' })
  })

  it('is found again when the run is resumed without --root', async () => {
    const path = join(folder, 'datasets/oxford_pets')
    expect(readFileSync(join(folder, 'pets/config.yaml'), 'utf8')).toContain(`path: ${path}\n`)
    expect(await run('train', '--resume', '--out', 'pets')).toMatchObject({ code: 0 })
  })

  it('measures a run on a variant of ImageNet, which has test images only and classes of one name', async () => {
    const evaluated = await run('eval', 'pets', 'datasets/ImageNetR', '--json')
    expect(evaluated).toMatchObject({ code: 0 })
    const figures = JSON.parse(evaluated.stdout)
    expect(figures).toMatchObject({ data: 'ImageNetR', count: 4, classNames: ['missile', 'missile'] })
  })

  it.each([
    ['misspelt', ['OxfrdPets', '--root', 'datasets'], ['unknown data set "OxfrdPets"', 'OxfordPets']],
    ['without --root', ['OxfordPets'], ['OxfordPets is a published data set', '--root']],
    ['that is not there', ['EuroSAT', '--root', 'datasets'], ['datasets/eurosat: does not exist', 'EuroSAT']],
    ['without training images', ['ImageNetR', '--root', 'datasets'], ['train']],
  ])('is refused %s', async (_, data, parts) => {
    expectRefused(await run('train', ...data, ...quick, '--out', 'never'), ...parts)
  })
})
