import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { pairBatch } from '../../../tools/pretrain/batches.js'
import { fingerprint } from '../../node/data/fingerprint.js'
import { clipTemplates } from '../clip/templates.js'
import { selectClasses } from '../data/base-novel.js'
import type { Datum } from '../data/dataset.js'
import { fewShot } from '../data/few-shot.js'
import { toyDataset, toySets } from './datasets.js'
import { toyProtocols } from './protocols.js'

const names = Object.keys(toySets)

async function pixelHash(data: readonly Datum[]): Promise<string> {
  const hash = createHash('sha256')
  for (const { load } of data) hash.update((await load()).data)
  return hash.digest('hex').slice(0, 16)
}

/** Classes that differ in one word from another of the list. */
const withNeighbours = (classNames: readonly string[]) =>
  classNames.filter((name) =>
    classNames.some((other) => {
      const words = other.split(' ')
      return name.split(' ').filter((word, i) => word === words[i]).length === 2
    }),
  )

describe('toy data sets', () => {
  it.each(names)('%s has the same disjoint parts every time', (name) => {
    const { classNames, train, val, test } = toyDataset(name)
    const sources = [...train, ...val, ...test].map(({ source }) => source)
    expect(new Set(sources).size).toBe(sources.length)
    expect(toyDataset(name).test.map(({ source }) => source)).toEqual(test.map(({ source }) => source))
    for (const part of [train, val, test]) {
      expect(new Set(part.map(({ label }) => label)).size).toBe(classNames.length)
    }
  })

  it('keeps the pictures that published figures and the tiny model were made with', async () => {
    const { train, test } = toyDataset('toy')
    expect(await pixelHash([...train, ...test].filter((_, i) => i % 29 === 0))).toBe('255669e3d4fe8eeb')
    const { images, captions } = pairBatch(2023, 1, 32)
    const hash = createHash('sha256').update(captions.join('\n'))
    for (const { data } of images) hash.update(data)
    expect(hash.digest('hex').slice(0, 16)).toBe('60a0ca359b3126cc')
  })

  it('draws other pictures for another seed and another set', async () => {
    const first = (name: string, seed: number) => pixelHash(toyDataset(name, { seed }).train.slice(0, 1))
    const hashes = await Promise.all([first('toy', 1), ...names.map((name) => first(name, 0))])
    expect(new Set(hashes).size).toBe(names.length + 1)
  })

  it('gives pictures of different sets and seeds different fingerprints', async () => {
    const sets = [toyDataset('toy', { seed: 1 }), ...names.map((name) => toyDataset(name))]
    expect(new Set(await Promise.all(sets.map(fingerprint))).size).toBe(sets.length)
  })

  it('has zero-shot templates that the tiny model was pre-trained with', () => {
    for (const { template } of Object.values(toySets)) expect(clipTemplates).toContain(template)
  })

  it('refuses an unknown name', () => {
    expect(() => toyDataset('moon')).toThrow(/unknown toy data set "moon"; there are toy, /)
    expect(() => toyDataset('constructor')).toThrow(/unknown toy data set/)
  })
})

describe('toy protocols', () => {
  const { 'base-to-novel': baseToNovel, 'cross-dataset': cross, 'few-shot': few } = toyProtocols
  const shifted = toyProtocols['domain-generalization']

  it.each(cross.targets)('%s has easily confused classes in both halves', (name) => {
    for (const half of ['base', 'novel'] as const) {
      const { classNames } = selectClasses(toyDataset(name), half)
      expect(withNeighbours(classNames).length).toBeGreaterThanOrEqual(classNames.length - 1)
    }
  })

  it('trains and tests on classes in common only where the domain alone changes', () => {
    const lists = [...baseToNovel.datasets, cross.source].map((name) => toySets[name]!.classNames)
    expect(new Set(lists.flat()).size).toBe(lists.flat().length)
    expect(baseToNovel.datasets).toEqual(expect.arrayContaining([...cross.targets]))
    const known = toySets[shifted.source]!.classNames
    const sizes = shifted.targets.map((name) => toySets[name]!.classNames.length)
    for (const name of shifted.targets)
      expect(known).toEqual(expect.arrayContaining([...toySets[name]!.classNames]))
    expect(sizes.filter((size) => size < known.length)).toHaveLength(2)
  })

  it('has enough training pictures for every number of shots, and test pictures for a quick evaluation', () => {
    const used = new Set([
      ...few.datasets,
      ...Object.values(toyProtocols).flatMap((p) => ('source' in p ? [p.source, ...p.targets] : p.datasets)),
    ])
    for (const name of used) {
      const dataset = toyDataset(name)
      expect(fewShot(dataset, Math.max(...few.shots), 1).shortages).toEqual([])
      expect(dataset.test.length).toBeLessThanOrEqual(name === 'toy' ? 1200 : 1000)
    }
  })
})
