import { cp, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pickle } from '../../../test/support/pickle-writer.js'
import { selectClasses } from '../../core/data/base-novel.js'
import type { Dataset, Datum } from '../../core/data/dataset.js'
import { cachedOrNewFewShot } from '../../core/data/few-shot.js'
import { DataError } from '../../core/errors.js'
import { cachedFewShot, readFewShotCache, withCachedDraws } from './few-shot-cache.js'

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../test/fixtures/few-shot-cache/${name}`, import.meta.url))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cache-'))
})
afterAll(() => rm(folder, { recursive: true }))

const image = (name: string, label: number): Datum => ({
  source: join(folder, 'images', name),
  label,
  load: () => Promise.reject(new Error('not loaded here')),
})

/** Images 1 to 4 of two classes to train on, 5 to validate, 6 to test. */
function pets(): Dataset {
  const of = (...numbers: number[]) =>
    ['Cat', 'dog'].flatMap((name, label) => numbers.map((n) => image(`${name}_${n}.jpg`, label)))
  return { name: 'Pets', classNames: ['cat', 'dog'], train: of(1, 2, 3, 4), val: of(5), test: of(6) }
}

const names = (data: readonly Datum[]) => data.map(({ source }) => source.split('/').at(-1))

describe('a cached few-shot draw of the Python code', () => {
  it.each(['protocol-2.pkl', 'protocol-4.pkl', 'protocol-5.pkl'])(
    'is the data set’s own images in the cache’s order: %s',
    async (name) => {
      const dataset = pets()
      const { train, val } = await readFewShotCache(fixture(name), folder, dataset)
      expect(names(train)).toEqual(['Cat_3.jpg', 'Cat_1.jpg', 'dog_2.jpg', 'dog_3.jpg'])
      expect(names(val)).toEqual(['Cat_5.jpg', 'dog_5.jpg'])
      expect(dataset.train).toContain(train[0])
      expect(train.map(({ label }) => label)).toEqual([0, 0, 1, 1])
    },
  )

  it('may have no validation images, or paths of Windows', async () => {
    expect((await readFewShotCache(fixture('train-only.pkl'), folder, pets())).val).toEqual([])
    const { train } = await readFewShotCache(fixture('windows.pkl'), folder, pets())
    expect(names(train)).toEqual(['Cat_3.jpg'])
  })

  it('is found by shots and seed, and used instead of a new draw', async () => {
    await mkdir(join(folder, 'split_fewshot'), { recursive: true })
    await cp(fixture('protocol-5.pkl'), join(folder, 'split_fewshot/shot_2-seed_1.pkl'))
    const plain = pets()
    const dataset: Dataset = { ...plain, cachedDraw: (k, seed) => cachedFewShot(folder, plain, k, seed) }

    const cached = await cachedOrNewFewShot(dataset, 2, 1)
    expect(cached.cache).toBe(join(folder, 'split_fewshot/shot_2-seed_1.pkl'))
    expect(names(cached.train)).toEqual(['Cat_3.jpg', 'Cat_1.jpg', 'dog_2.jpg', 'dog_3.jpg'])
    expect(cached.test).toBe(plain.test)
    expect(cached.cachedDraw).toBeUndefined()
    expect(selectClasses(dataset, 'novel').cachedDraw).toBeUndefined()
    expect(names(selectClasses(cached, 'novel').train)).toEqual(['dog_2.jpg', 'dog_3.jpg'])

    const drawn = await cachedOrNewFewShot(dataset, 2, 2)
    expect(drawn.cache).toBeUndefined()
    expect(drawn.train).toHaveLength(4)
  })

  it('is part of the data set’s fingerprint', async () => {
    const before = await withCachedDraws({ ...pets(), fingerprint: 'lists' }, join(folder, 'elsewhere'))
    expect([before.fingerprint, before.cachedDraw]).toEqual(['lists', undefined])
    const own = join(folder, 'own')
    await mkdir(join(own, 'split_fewshot'), { recursive: true })
    const prints = new Set(['lists'])
    for (const name of ['protocol-4.pkl', 'protocol-5.pkl']) {
      await cp(fixture(name), join(own, 'split_fewshot/shot_2-seed_1.pkl'))
      const { fingerprint, cachedDraw } = await withCachedDraws({ ...pets(), fingerprint: 'lists' }, own)
      prints.add(fingerprint!)
      expect(cachedDraw).toBeDefined()
    }
    expect(prints.size).toBe(3)
  })

  it('is refused where a link leads to it out of the data set', async () => {
    await symlink(fixture('protocol-5.pkl'), join(folder, 'split_fewshot/shot_9-seed_1.pkl'))
    await expect(cachedFewShot(folder, pets(), 9, 1)).rejects.toThrow(/leads out of the data folder/)
  })
})

describe('a cached draw that does not fit is refused:', () => {
  it.each<[string, Partial<Dataset>, RegExp]>([
    ['an image that is not there', { train: [] }, /Cat_3\.jpg is no training image of Pets/],
    ['an image of another part', { val: [] }, /Cat_5\.jpg is no validation image/],
  ])('%s', async (_, change, message) => {
    const attempt = readFewShotCache(fixture('protocol-5.pkl'), folder, { ...pets(), ...change })
    await expect(attempt).rejects.toThrow(DataError)
    await expect(attempt).rejects.toThrow(message)
  })

  it('an image of that name elsewhere', async () => {
    const dataset = pets()
    const moved = dataset.train.map((datum) => ({
      ...datum,
      source: datum.source.replace('images', 'pictures'),
    }))
    const attempt = readFewShotCache(fixture('protocol-5.pkl'), folder, { ...dataset, train: moved })
    await expect(attempt).rejects.toThrow(/is no training image/)
  })

  it('another order of classes', async () => {
    const dataset = pets()
    const train = dataset.train.map((datum) => ({ ...datum, label: 1 - datum.label }))
    const attempt = readFewShotCache(fixture('protocol-5.pkl'), folder, { ...dataset, train })
    await expect(attempt).rejects.toThrow(/Cat_3\.jpg has the label 0, but 1 in Pets/)
  })
})

describe('a pickle that is no cached draw is refused:', () => {
  const refused = async (bytes: Uint8Array, message: RegExp) => {
    const path = join(folder, 'bad.pkl')
    await writeFile(path, bytes)
    const attempt = readFewShotCache(path, folder, pets())
    await expect(attempt).rejects.toThrow(DataError)
    await expect(attempt).rejects.toThrow(message)
  }

  it('one that calls os.system', async () => {
    const attempt = readFewShotCache(fixture('command.pkl'), folder, pets())
    await expect(attempt).rejects.toThrow(DataError)
    await expect(attempt).rejects.toThrow(/"posix\.system", which is not among the names allowed/)
  })

  it('names that torch files may use, and no others', async () => {
    await refused(pickle.of(pickle.call(pickle.global('collections', 'OrderedDict'))), /OrderedDict/)
    await refused(pickle.of(pickle.global('dassl.data.datasets.base_dataset', 'DatasetBase')), /DatasetBase/)
  })

  it('one cut at any place', async () => {
    const whole = await readFile(fixture('protocol-5.pkl'))
    for (let length = 0; length < whole.length; length += 7)
      await refused(whole.subarray(0, length), /ends before/)
  })

  it('other content', async () => {
    const text = pickle.text('train')
    await refused(pickle.of(text), /holds no dictionary/)
    await refused(pickle.of(pickle.dict([])), /holds no "train"/)
    await refused(pickle.of(pickle.dict([[text, text]])), /"train" is no list/)
    await refused(pickle.of(pickle.dict([[text, pickle.tuple(text)]])), /item 0 of "train" is no image/)
  })

  it('a huge one, unread', async () => {
    const path = join(folder, 'huge.pkl')
    await writeFile(path, '')
    await truncate(path, 2 ** 33)
    await expect(readFewShotCache(path, folder, pets())).rejects.toThrow(/8589934592 bytes; expected at most/)
  })
})
