import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Dataset } from '../../core/data/dataset.js'
import type { DatasetSource, OpenContext } from './dataset-source.js'
import { datasetOpener } from './open-dataset.js'

const root = mkdtempSync(join(tmpdir(), 'opener-'))
mkdirSync(join(root, 'own-shapes'))
afterAll(() => rmSync(root, { recursive: true }))

const empty = { classNames: [], train: [], val: [], test: [] }
const contexts: OpenContext[] = []
const shapes: DatasetSource = {
  name: 'OwnShapes',
  alias: 'own_shapes',
  title: 'Own shapes',
  folder: 'own-shapes',
  template: 'a {}.',
  home: 'https://example.org',
  counts: { classes: 0, train: 0, val: 0, test: 0 },
  files: [],
  async open(context) {
    contexts.push(context)
    return { ...empty, name: 'OwnShapes', annotations: 'original annotations' }
  },
}
const { openDataset, findPublished, pathWithoutRoot } = datasetOpener({
  published: [shapes],
  drawn: {
    names: ['drawn'],
    knows: (name) => name === 'drawn',
    open: (name): Dataset => ({ ...empty, name: `${name} by hand` }),
  },
  indexFolder: () => join(root, 'index'),
})

describe('an opener', () => {
  it('knows the published sets that it was given, and where their listings are kept', async () => {
    expect((await openDataset('ownshapes', { root })).name).toBe('OwnShapes')
    expect((await openDataset(join(root, 'own-shapes'), { indexFolder: '/elsewhere' })).name).toBe(
      'OwnShapes',
    )
    expect(contexts.map(({ indexFolder }) => indexFolder)).toEqual([join(root, 'index'), '/elsewhere'])
    expect((await findPublished(join(root, 'OwnShapes'), undefined))?.source).toBe(shapes)
    expect(pathWithoutRoot('own_shapes', root)).toBe(join(root, 'own_shapes'))
  })

  it('knows the drawn sets that it was given', async () => {
    expect((await openDataset('drawn')).name).toBe('drawn by hand')
  })

  it('refuses options of folders for sets of a name, drawn ones too', async () => {
    for (const options of [{ classNames: 'names.txt' }, { testFraction: 0.5 }]) {
      await expect(openDataset('drawn', options)).rejects.toThrow('folder of images; drawn has its own')
      await expect(openDataset('OwnShapes', { root, ...options })).rejects.toThrow('OwnShapes has its own')
    }
  })

  it('knows no other', async () => {
    await expect(openDataset('toy')).rejects.toThrow('toy: does not exist')
    await expect(openDataset('EuroSAT', { root })).rejects.toThrow('unknown data set "EuroSAT"')
    await expect(openDataset('drown')).rejects.toMatchObject({ hint: 'Did you mean drawn?' })
  })
})
