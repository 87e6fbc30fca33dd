import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { layouts, writeLayout } from '../../../test/support/dataset-layouts.js'
import type { Datum } from '../../core/data/dataset.js'
import type { DatasetSource, SourceDataset } from '../data/dataset-source.js'
import { datasets } from './registry.js'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'sources-')))
const opened = new Map<string, SourceDataset>()
afterAll(() => rmSync(root, { recursive: true }))
beforeAll(async () => {
  for (const layout of Object.values(layouts)) writeLayout(root, layout)
  for (const source of datasets) opened.set(source.name, await source.open({ root }))
})

const dataset = (name: string) => opened.get(name)!
/** Paths below a folder, in alphabetical order: what a shuffle leaves. */
const paths = (data: readonly Datum[], folder: string) =>
  data.map(({ source }) => relative(join(root, folder), source)).sort()
const counts = ({ train, val, test }: SourceDataset) => [train.length, val.length, test.length]
const perClass = (data: readonly Datum[]) => {
  const found = new Map<number, number>()
  for (const { label } of data) found.set(label, (found.get(label) ?? 0) + 1)
  return Object.fromEntries(found)
}

describe('every published data set', () => {
  const all = datasets.map((source): [string, DatasetSource] => [source.name, source])

  it('is there in miniature', () => {
    expect(Object.keys(layouts).sort()).toEqual(datasets.map(({ name }) => name).sort())
  })

  it.each(all)('%s has images that load under labels that have names', async (name) => {
    const { classNames, train, val, test } = dataset(name)
    for (const datum of [...train, ...val, ...test]) expect(classNames[datum.label]).toBeTruthy()
    const image = await test.at(-1)!.load()
    expect([image.width, image.height]).toEqual([3, 2])
  })

  it.each(all)('%s is read the same each time, with its own fingerprint', async (name, source) => {
    const again = await source.open({ root })
    const first = dataset(name)
    expect(again.fingerprint).toBe(first.fingerprint)
    expect(again.train.map((datum) => datum.source)).toEqual(first.train.map((datum) => datum.source))
    const prints = [...opened.values()].map(({ fingerprint }) => fingerprint)
    expect(new Set(prints).size).toBe(datasets.length)
  })

  it.each(all)('%s puts no image into two parts', (name) => {
    const { train, val, test } = dataset(name)
    const sources = [...train, ...val, ...test].map((datum) => datum.source)
    expect(new Set(sources).size).toBe(sources.length)
  })

  it.each(all)(
    '%s names what it looks for, and all that is needed is there',
    async (_, { folder, files, testOnly, counts }) => {
      expect(files.length).toBeGreaterThan(1)
      for (const { path, needed } of files) {
        if (needed !== 'never')
          expect(Object.keys(allFiles).some((file) => file.startsWith(`${folder}/${path}`))).toBe(true)
      }
      expect(testOnly === true).toBe(counts.train === 0)
    },
  )

  it.each(all)(
    '%s says which annotations it read, and that it is not the published set',
    (name, { files }) => {
      const { annotations, warnings } = dataset(name)
      expect(annotations).toBe('original annotations')
      const hasSplit = files.some(({ path }) => path.startsWith('split_zhou_'))
      const kinds = warnings?.map(({ kind }) => kind)
      expect(kinds).toEqual(hasSplit ? ['own-split', 'class-count'] : ['class-count'])
    },
  )
})

const allFiles = Object.assign({}, ...Object.values(layouts)) as Record<string, unknown>

describe('original annotations', () => {
  it('Caltech101 leaves out two folders, renames four and divides each class 50/20/30', () => {
    const set = dataset('Caltech101')
    expect(set.classNames).toEqual(['face', 'leopard', 'airplane', 'sea horse'])
    expect(perClass(set.train)).toEqual({ 0: 5, 1: 5, 2: 6, 3: 5 })
    expect(perClass(set.val)).toEqual({ 0: 2, 1: 2, 2: 2, 3: 2 })
    expect(perClass(set.test)).toEqual({ 0: 3, 1: 3, 2: 4, 3: 3 })
  })

  it('a division is shuffled, not the first images in order', () => {
    const { train } = dataset('EuroSAT')
    const first = train.filter(({ label }) => label === 0).map(({ source }) => source)
    expect(first).not.toEqual([...first].sort())
  })

  it('OxfordPets reads breeds in lower case and keeps a fifth (rounded half to even) for validation', () => {
    const set = dataset('OxfordPets')
    expect(set.classNames).toEqual(['abyssinian', 'american pit bull terrier'])
    expect(perClass(set.train)).toEqual({ 0: 6, 1: 5 })
    expect(perClass(set.val)).toEqual({ 0: 1, 1: 1 })
    expect(paths(set.test, 'oxford_pets/images').slice(0, 3)).toEqual([
      'Abyssinian_0008.jpg',
      'Abyssinian_0009.jpg',
      'Abyssinian_0010.jpg',
    ])
  })

  it('StanfordCars reads MATLAB structures and puts the year first', () => {
    const set = dataset('StanfordCars')
    expect(set.classNames).toEqual(['2000 AM General Hummer SUV', '2012 smart fortwo Convertible'])
    expect(counts(set)).toEqual([8, 2, 4])
    expect(paths(set.test, 'stanford_cars')).toEqual(
      ['1', '2', '3', '4'].map((n) => `cars_test/0000${n}.jpg`),
    )
    expect(set.test.map(({ label }) => label)).toEqual([1, 0, 1, 0])
  })

  it('OxfordFlowers takes labels by image number and names by class number', () => {
    const set = dataset('OxfordFlowers')
    expect(set.classNames).toEqual(['pink primrose', "colt's foot"])
    expect(counts(set)).toEqual([10, 4, 6])
    const second = set.train.filter(({ label }) => label === 1)
    for (const { source } of second) expect(source).toMatch(/image_000(0\d|10)\.jpg$/)
    // The list goes by the order in which classes first occur, which few-shot selection follows.
    expect(set.train[0]!.label).toBe(1)
  })

  it('Food101 reads underscores as spaces and does not use its own lists', () => {
    const set = dataset('Food101')
    expect(set.classNames).toEqual(['apple pie', 'baby back ribs'])
    expect(counts(set)).toEqual([10, 4, 6])
  })

  it('FGVCAircraft keeps its three lists in their order', () => {
    const set = dataset('FGVCAircraft')
    expect(set.classNames).toEqual(['707-320', 'Cessna 172'])
    expect(set.val.map(({ source, label }) => [relative(root, source), label])).toEqual([
      ['fgvc_aircraft/images/0000004.jpg', 1],
      ['fgvc_aircraft/images/0000003.jpg', 0],
    ])
  })

  it('SUN397 drops the letter and reverses the parts of a class folder', () => {
    const set = dataset('SUN397')
    expect(set.classNames).toEqual(['abbey', 'indoor church'])
    expect(counts(set)).toEqual([8, 2, 6])
    expect(paths(set.test, 'sun397/SUN397')[3]).toBe('c/church/indoor/sun_0006.jpg')
  })

  it('DescribableTextures overlooks hidden files', () => {
    expect(dataset('DescribableTextures').classNames).toEqual(['banded', 'waffled'])
    expect(counts(dataset('DescribableTextures'))).toEqual([10, 4, 6])
  })

  it('EuroSAT names classes as the reference does', () => {
    expect(dataset('EuroSAT').classNames).toEqual(['Annual Crop Land', 'Highway or Road', 'Sea or Lake'])
  })

  it('UCF101 takes the middle frame of each video, in folders with the words apart', () => {
    const set = dataset('UCF101')
    expect(set.classNames).toEqual(['Handstand Pushups', 'Yo Yo'])
    expect(counts(set)).toEqual([8, 2, 6])
    expect(paths(set.test, 'ucf101/UCF-101-midframes')[0]).toBe(
      'Handstand_Pushups/v_HandStandPushups_g01_c0006.jpg',
    )
  })
})

describe('ImageNet and its variants', () => {
  it('ImageNet trains on train, tests on val and has no validation images', () => {
    const set = dataset('ImageNet')
    expect(set.classNames).toEqual(['tench', 'goldfish', 'crane bird'])
    expect(counts(set)).toEqual([7, 0, 3])
    expect(set.train.map(({ label }) => label)).toEqual([0, 0, 0, 1, 1, 2, 2])
  })

  it('ImageNetV2 takes folders for label numbers, 10 after 9', () => {
    const set = dataset('ImageNetV2')
    expect(set.classNames[10]).toBe('class number 10')
    expect(set.test.map(({ label }) => label)).toEqual(Array.from({ length: 22 }, (_, i) => i >> 1))
    expect(set.test.at(-1)!.source).toContain('format-val/10/')
    expect(set.train).toEqual([])
  })

  it('ImageNetA and ImageNetR score over their own classes with the names of ImageNet', () => {
    expect(dataset('ImageNetA').classNames).toEqual(['goldfish', 'crane bird'])
    expect(dataset('ImageNetA').test.map(({ label }) => label)).toEqual([0, 0, 1, 1])
    expect(dataset('ImageNetR').classNames).toEqual(['tench', 'crane bird'])
    expect(dataset('ImageNetSketch').classNames).toEqual(['tench', 'goldfish'])
  })
})
