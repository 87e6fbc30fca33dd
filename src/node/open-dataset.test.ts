import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { images, layouts, writeLayout } from '../../test/support/dataset-layouts.js'
import { selectClasses } from '../core/data/base-novel.js'
import { fewShot } from '../core/data/few-shot.js'
import { ConfigError, DataError, type UserError } from '../core/errors.js'
import { fingerprint } from './data/fingerprint.js'
import { datasetNamed } from './datasets/registry.js'
import { openDataset, pathWithoutRoot } from './open-dataset.js'

const base = mkdtempSync(join(tmpdir(), 'open-dataset-'))
const indexFolder = join(base, 'index')
let root: string
let count = 0
beforeEach(() => {
  root = join(base, `root${count++}`)
  mkdirSync(root)
})
afterAll(() => rmSync(base, { recursive: true }))

const refusal = async (attempt: Promise<unknown>): Promise<UserError> =>
  (await attempt.catch((e: unknown) => e)) as UserError

describe('openDataset', () => {
  it('opens a published data set by name below a root, and by paths that mean the same', async () => {
    writeLayout(root, layouts.OxfordPets)
    const { fingerprint } = await openDataset('OxfordPets', { root, indexFolder })
    const again = [
      await openDataset('oxford_pets', { root, indexFolder }),
      await openDataset(join(root, 'OxfordPets'), { indexFolder }),
      await openDataset(join(root, 'oxford_pets'), { indexFolder }),
      await openDataset(pathWithoutRoot('OXFORD_PETS', root), { indexFolder }),
      await openDataset(join(root, 'OxfordPets'), { root, indexFolder }),
    ]
    for (const set of again) expect(set).toMatchObject({ name: 'OxfordPets', fingerprint })
  })

  it('reports warnings as they are in the data set', async () => {
    writeLayout(root, layouts.EuroSAT)
    const warned: unknown[] = []
    const set = await openDataset('eurosat', {
      root,
      onWarning: (warning) => warned.push(warning),
      indexFolder,
    })
    expect(warned).toEqual(set.warnings)
    expect(warned).toHaveLength(2)
  })

  it('opens a folder of photos, one that is called like a published data set too', async () => {
    writeLayout(root, { ...images('eurosat/forest', 3), ...images('eurosat/river', 3) })
    const set = await openDataset(join(root, 'eurosat'))
    expect(set).toMatchObject({ name: 'eurosat', classNames: ['forest', 'river'] })
    expect((await openDataset(join(root, 'eurosat'), { root })).name).toBe('eurosat')
  })

  it('opens a drawn set by name, and a folder of that name by its path', async () => {
    expect((await openDataset('toy')).classNames).toHaveLength(24)
    writeLayout(root, images('toy/ball', 3))
    expect((await openDataset(join(root, 'toy'))).classNames).toEqual(['ball'])
  })

  it('suggests what a misspelt name may mean', async () => {
    const toy = await refusal(openDataset('toy-cleen'))
    expect(toy).toBeInstanceOf(DataError)
    expect(toy.hint).toContain('toy-clean')
    const pets = await refusal(openDataset('OxfordPet', { root }))
    expect(pets).toBeInstanceOf(ConfigError)
    expect(pets.hint).toContain('OxfordPets')
  })

  it('asks for the root of a published data set that is not here', async () => {
    const error = await refusal(openDataset('OxfordPets'))
    expect(error).toBeInstanceOf(DataError)
    expect(error.hint).toContain('--root')
    expect((await refusal(openDataset('OxfordPets', { root }))).message).toMatch(
      /oxford_pets: does not exist; expected the folder of OxfordPets/,
    )
  })

  it('refuses class names and a test fraction for a published data set', async () => {
    writeLayout(root, layouts.OxfordPets)
    for (const option of [{ classNames: 'names.txt' }, { testFraction: 0.2 }]) {
      expect(await refusal(openDataset('OxfordPets', { root, ...option }))).toBeInstanceOf(ConfigError)
    }
  })
})

describe('the fingerprint of a published data set', () => {
  it('is known without its files, and not that of a selection', async () => {
    writeLayout(root, layouts.ImageNet)
    const set = await datasetNamed('ImageNet').open({ root })
    rmSync(join(root, 'imagenet'), { recursive: true })
    expect(await fingerprint(set)).toBe(set.fingerprint)
    const selections = [selectClasses(set, 'base'), selectClasses(set, 'novel'), fewShot(set, 1, 1)]
    const prints = await Promise.all([set, ...selections].map(fingerprint))
    expect(new Set(prints).size).toBe(4)
  })
})
