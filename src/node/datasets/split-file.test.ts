import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Layout, layouts, writeLayout } from '../../../test/support/dataset-layouts.js'
import { freshFolder } from '../../../test/support/fresh-folder.js'
import { DataError } from '../../core/errors.js'
import { datasetNamed, datasets } from './registry.js'

let root: string
freshFolder((folder) => {
  root = folder
})

type Entry = readonly [path: string, label: number, className: string]
const pets = (split: unknown): Layout => ({
  ...layouts.OxfordPets,
  'oxford_pets/split_zhou_OxfordPets.json': typeof split === 'string' ? split : JSON.stringify(split),
})
const good: Record<'train' | 'val' | 'test', Entry[]> = {
  train: [
    ['american_pit_bull_terrier_0003.jpg', 1, 'american_pit_bull_terrier'],
    ['Abyssinian_0002.jpg', 0, 'abyssinian'],
  ],
  val: [['Abyssinian_0001.jpg', 0, 'abyssinian']],
  test: [['american_pit_bull_terrier_0001.jpg', 1, 'american_pit_bull_terrier']],
}
const open = () => datasetNamed('OxfordPets').open({ root })
const train = (...entries: readonly unknown[]) => ({ ...good, train: [...entries, ...good.train] })

async function refusal(): Promise<DataError> {
  const error = await open().catch((e: unknown) => e)
  expect(error).toBeInstanceOf(DataError)
  return error as DataError
}

describe('a data set with its published split file', () => {
  it('is read from it, in its order, without a word', async () => {
    writeLayout(root, pets(good))
    const set = await open()
    expect(set.annotations).toBe('split file')
    expect(set.classNames).toEqual(['abyssinian', 'american pit bull terrier'])
    expect(set.train.map(({ source, label }) => [source, label])).toEqual([
      [join(root, 'oxford_pets/images/american_pit_bull_terrier_0003.jpg'), 1],
      [join(root, 'oxford_pets/images/Abyssinian_0002.jpg'), 0],
    ])
    expect([set.val.length, set.test.length]).toEqual([1, 1])
    expect(set.warnings?.map(({ kind }) => kind)).toEqual(['class-count'])
    expect((await set.test[0]!.load()).width).toBe(3)
  })

  it('needs none of the original annotations', async () => {
    writeLayout(root, pets(good))
    rmSync(join(root, 'oxford_pets/annotations'), { recursive: true })
    expect((await open()).train).toHaveLength(2)
  })

  // The folder that each published split's paths are relative to.
  it.each([
    ['Caltech101', 'airplanes/image_0001.jpg'],
    ['OxfordPets', 'Abyssinian_0001.jpg'],
    ['StanfordCars', 'cars_train/00001.jpg'],
    ['OxfordFlowers', 'image_00001.jpg'],
    ['Food101', 'apple_pie/0001.jpg'],
    ['SUN397', 'c/church/indoor/sun_0001.jpg'],
    ['DescribableTextures', 'banded/banded_0001.jpg'],
    ['EuroSAT', 'AnnualCrop/AnnualCrop_0001.jpg'],
    ['UCF101', 'Yo_Yo/v_YoYo_g01_c0001.jpg'],
  ] as const)('%s finds its images', async (name, path) => {
    const { folder } = datasetNamed(name)
    const split = { train: [[path, 0, 'some_class']], val: [], test: [] }
    writeLayout(root, { ...layouts[name], [`${folder}/split_zhou_${name}.json`]: JSON.stringify(split) })
    const set = await datasetNamed(name).open({ root })
    expect(set.annotations).toBe('split file')
    expect(set.classNames).toEqual(['some class'])
    expect((await set.train[0]!.load()).width).toBe(3)
  })

  it('is listed as needing its annotations only without it', () => {
    for (const { files } of datasets.filter(({ files }) =>
      files.some(({ path }) => path.startsWith('split_zhou')),
    )) {
      expect(files.filter(({ needed }) => needed === 'always').every(({ kind }) => kind === 'folder')).toBe(
        true,
      )
    }
  })

  it('has another fingerprint when one image moves to another part', async () => {
    writeLayout(root, pets(good))
    const before = (await open()).fingerprint
    writeLayout(root, pets({ ...good, val: [], test: [...good.val, ...good.test] }))
    expect((await open()).fingerprint).not.toBe(before)
  })
})

describe('a split file that cannot be used', () => {
  it.each<[string, unknown, RegExp]>([
    ['is cut off', '{"train": [', /split_zhou_OxfordPets\.json: not valid JSON/],
    ['is a list', [], /expected lists "train", "val" and "test"/],
    ['lacks a part', { train: good.train, val: [] }, /json, test: .*expected lists/],
    ['has a part of its own', { ...good, extra: [] }, /extra/],
    [
      'has an entry of another shape',
      train({ path: 'a.jpg' }),
      /train\[0\]: \{"path":"a\.jpg"\}; expected \[path/,
    ],
    ['has a label that is text', train(['a.jpg', '0', 'abyssinian']), /train\[0\]: .*whole number from 0/],
    ['has a negative label', train(['a.jpg', -1, 'abyssinian']), /train\[0\]: .*whole number from 0/],
    ['has a label with a fraction', train(['a.jpg', 0.5, 'abyssinian']), /train\[0\]: .*whole number from 0/],
    [
      'has two names for a label',
      train(['a.jpg', 0, 'bengal']),
      /train\[2\]: label 0 is "abyssinian" here and "bengal"/,
    ],
    ['has an empty class name', train(['a.jpg', 2, ' ']), /train\[0\]: label 2 has an empty class name/],
    [
      'has a gap in its labels',
      train(['a.jpg', 5, 'bengal']),
      /3 labels, but none of the images has label 2/,
    ],
    [
      'has an absolute path',
      train(['/etc/passwd', 0, 'abyssinian']),
      /train\[0\]: an absolute path, "\/etc\/passwd"/,
    ],
    ['has a drive letter', train(['C:/photo.jpg', 0, 'abyssinian']), /an absolute path/],
    ['leads upwards', train(['a/../../../b.jpg', 0, 'abyssinian']), /train\[0\]: a path that leads upwards/],
    ['leads upwards on Windows', train(['..\\b.jpg', 0, 'abyssinian']), /a path with a backslash/],
    ['has a NUL in a path', train(['a.jpg\0.png', 0, 'abyssinian']), /a path with a NUL character/],
    ['has an empty path', train(['', 0, 'abyssinian']), /an empty path/],
    ['names a folder', train(['a/', 0, 'abyssinian']), /the path of a folder/],
    ['is not text', Buffer.from([0xff, 0xfe, 0xfd]), /not UTF-8/],
  ])('%s', async (_, split, message) => {
    const content = Buffer.isBuffer(split) ? { 'oxford_pets/split_zhou_OxfordPets.json': split } : pets(split)
    writeLayout(root, { ...layouts.OxfordPets, ...content })
    const error = await refusal()
    expect(error.message).toMatch(message)
    expect(error.message).toContain('split_zhou_OxfordPets.json')
  })

  it('is larger than any list of images', async () => {
    writeLayout(root, pets(good))
    truncateSync(join(root, 'oxford_pets/split_zhou_OxfordPets.json'), 2 ** 30)
    expect((await refusal()).message).toMatch(/1073741824 bytes; expected at most 268435456/)
  })
})
