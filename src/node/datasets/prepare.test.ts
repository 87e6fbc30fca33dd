import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { packed, writeFiles } from '../../../test/support/dataset-archives.js'
import { layouts, writeLayout } from '../../../test/support/dataset-layouts.js'
import { zipOf } from '../../../test/support/zip-writer.js'
import { DataError } from '../../core/errors.js'
import { inspectFiles } from './inspect.js'
import { findArchives, prepareDataset } from './prepare.js'
import { datasetNamed, datasets } from './registry.js'

const base = mkdtempSync(join(tmpdir(), 'prepare-'))
afterAll(() => rmSync(base, { recursive: true }))
let root: string
beforeEach(() => {
  root = mkdtempSync(join(base, 'root-'))
})

type Name = keyof typeof layouts
const names = datasets.map(({ name }) => name as Name)

describe('archives as the makers pack them', () => {
  it.each(names.filter((name) => name !== 'ImageNet'))('become the layout of %s', async (name) => {
    const source = datasetNamed(name)
    writeFiles(root, packed(name))
    expect((await inspectFiles(source, root)).complete).toBe(false)
    const prepared = await prepareDataset(source, root)
    expect(prepared.every(({ result }) => result!.written > 0 && result!.leftOut.length === 0)).toBe(true)
    expect((await inspectFiles(source, root)).complete).toBe(true)

    const plain = mkdtempSync(join(base, 'plain-'))
    writeLayout(plain, layouts[name])
    const expected = await source.open({ root: plain })
    const dataset = await source.open({ root })
    expect(dataset.fingerprint).toBe(expected.fingerprint)
    expect((await dataset.test[0]!.load()).width).toBe(3)
  })

  it('become the layout of ImageNet, validation images in the folders of their classes', async () => {
    const source = datasetNamed('ImageNet')
    writeFiles(root, packed('ImageNet'))
    await prepareDataset(source, root)
    const { train, test, classNames } = await source.open({ root })
    expect(classNames).toEqual(['tench', 'goldfish', 'crane bird'])
    expect(train.map(({ label }) => label)).toEqual([0, 0, 0, 1, 1, 2, 2])
    const files = test.map(({ source, label }) => [label, source.split('/').at(-1)])
    expect(files).toEqual([
      [0, 'ILSVRC2012_val_00000001.JPEG'],
      [1, 'ILSVRC2012_val_00000002.JPEG'],
      [2, 'ILSVRC2012_val_00000003.JPEG'],
    ])
  })

  it('of ImageNet need the development kit', async () => {
    const { 'imagenet/ILSVRC2012_devkit_t12.tar.gz': _, ...files } = packed('ImageNet')
    writeFiles(root, files)
    const attempt = prepareDataset(datasetNamed('ImageNet'), root)
    await expect(attempt).rejects.toThrow(DataError)
    await expect(attempt).rejects.toThrow(/ground_truth|meta\.mat: does not exist/)
  })

  it('may hold another archive', async () => {
    const files = packed('Caltech101')
    const inner = files['caltech-101/101_ObjectCategories.tar.gz']!
    writeFiles(root, {
      'caltech-101/caltech-101.zip': zipOf([
        { path: 'caltech-101/101_ObjectCategories.tar.gz', data: inner },
        { path: '__MACOSX/caltech-101/._101_ObjectCategories.tar.gz', data: Buffer.from('x') },
      ]),
    })
    const source = datasetNamed('Caltech101')
    const prepared = await prepareDataset(source, root)
    expect(prepared.map(({ file }) => file)).toEqual(['caltech-101.zip', '101_ObjectCategories.tar.gz'])
    expect((await source.open({ root })).classNames).toContain('airplane')
  })
})

describe('unpacking again', () => {
  const source = datasetNamed('OxfordPets')
  const image = () => join(root, 'oxford_pets/images/Abyssinian_0001.jpg')
  const results = async (again = false) =>
    (await prepareDataset(source, root, { again })).map(({ result }) => result?.written)

  beforeEach(() => writeFiles(root, packed('OxfordPets')))

  it('does nothing where it was done, unless an archive is another one', async () => {
    expect(await results()).toEqual([21, 2])
    expect(await results()).toEqual([undefined, undefined])
    expect((await findArchives(source, root)).map(({ unpacked }) => unpacked)).toEqual([true, true])
    utimesSync(join(root, 'oxford_pets/images.tar.gz'), 1, 1)
    expect(await results()).toEqual([0, undefined])
  })

  it('completes what was removed: by itself where something needed is missing, else on request', async () => {
    await results()
    rmSync(image())
    expect(await results()).toEqual([undefined, undefined])
    expect(await results(true)).toEqual([1, 0])
    expect(statSync(image()).size).toBeGreaterThan(0)
    rmSync(join(root, 'oxford_pets/images'), { recursive: true })
    expect(await results()).toEqual([21, undefined])
  })

  it('takes a damaged record for none, and leaves no lock or part of a file', async () => {
    await results()
    writeFileSync(join(root, 'oxford_pets/.unpacked.json'), '{"images.tar.gz": 3')
    expect(await results()).toEqual([0, 0])
    expect(readdirSync(join(root, 'oxford_pets')).sort()).toEqual([
      '.unpacked.json',
      'annotations',
      'annotations.tar.gz',
      'images',
      'images.tar.gz',
    ])
  })

  it('has nothing to do where there is no folder', async () => {
    expect(await prepareDataset(datasetNamed('EuroSAT'), root)).toEqual([])
  })
})
