import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { DataError } from '../errors.js'
import { keepLabels, selectClasses, selectLabels } from './base-novel.js'
import type { Dataset, Datum } from './dataset.js'

type Item = [path: string, label: number, className: string]

interface GoldenSelection {
  labels: number[]
  subsample: 'all' | 'base' | 'new'
  train_in: Item[]
  test_in: Item[]
  train_out: Item[]
  test_out: Item[]
}

const golden = JSON.parse(readFileSync('test/golden/fewshot/subsample_classes.json', 'utf8')) as {
  cases: GoldenSelection[]
}

const image = { width: 1, height: 1, data: new Uint8Array(3) }
const datum = ([source, label]: Item): Datum => ({ source, label, load: async () => image })

function datasetOf({ train_in, test_in }: GoldenSelection): Dataset {
  const classNames: string[] = []
  for (const [, label, className] of [...train_in, ...test_in]) classNames[label] = className
  return { name: 'golden', classNames, train: train_in.map(datum), val: [], test: test_in.map(datum) }
}

const triples = (data: readonly Datum[], classNames: readonly string[]) =>
  data.map(({ source, label }) => [source, label, classNames[label]])

describe('selectClasses', () => {
  const cases = golden.cases.map((entry) => ({
    ...entry,
    selection: entry.subsample.replace('new', 'novel'),
  }))

  it.each(cases.filter(({ train_out }) => train_out.length > 0))(
    'keeps and renumbers as the reference: $selection of $labels',
    (entry) => {
      const selected = selectClasses(datasetOf(entry), entry.selection as 'all' | 'base' | 'novel')
      expect(triples(selected.train, selected.classNames)).toEqual(entry.train_out)
      expect(triples(selected.test, selected.classNames)).toEqual(entry.test_out)
    },
  )

  it('refuses an empty selection', () => {
    const single = golden.cases.find(({ labels }) => labels.length === 1)!
    expect(() => selectClasses(datasetOf(single), 'novel')).toThrow(DataError)
  })

  it('reads the classes from the names where there is no training list', () => {
    const test = [datum(['x', 0, 'a']), datum(['y', 2, 'c'])]
    const dataset = { name: 'eval', classNames: ['a', 'b', 'c'], train: [], val: [], test }
    expect(selectClasses(dataset, 'novel').classNames).toEqual(['c'])
    expect(selectClasses(dataset, 'base').test.map(({ source }) => source)).toEqual(['x'])
  })
})

describe('selectLabels', () => {
  it('gives the middle class of an odd number to base', () => {
    expect(selectLabels([9, 4, 4, 0], 'base')).toEqual([0, 4])
    expect(selectLabels([9, 4, 4, 0], 'novel')).toEqual([9])
    expect(selectLabels([9, 4, 4, 0], 'all')).toEqual([0, 4, 9])
  })
})

describe('keepLabels', () => {
  it('loads the same image under the new label', async () => {
    const [kept] = keepLabels([datum(['x', 7, 'seven'])], [3, 7])
    expect(kept!.label).toBe(1)
    expect(await kept!.load()).toBe(image)
  })

  it('keeps the file, by whose content things are cached', () => {
    const file = { read: async () => new Uint8Array(), decode: async () => image }
    const [kept] = keepLabels([{ ...datum(['x', 7, 'seven']), file }], [7])
    expect(kept!.file).toBe(file)
  })
})
