import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../errors.js'
import type { Dataset, Datum } from './dataset.js'
import { drawShots, fewShot, shortageWarnings } from './few-shot.js'
import { PythonRandom } from './python-random.js'

type Item = [path: string, label: number, className: string]

interface GoldenCase {
  name: string
  train_items: Item[]
  val_items: Item[]
  runs: {
    seed: number
    shots: number
    repeat: boolean
    train_indices: number[]
    val_shots: number
    val_indices: number[]
  }[]
}

const golden = JSON.parse(readFileSync('test/golden/fewshot/fewshot.json', 'utf8')) as { cases: GoldenCase[] }

const datum = ([source, label]: Item): Datum => ({
  source,
  label,
  load: async () => ({ width: 1, height: 1, data: new Uint8Array(3) }),
})

function datasetOf({ name, train_items, val_items }: GoldenCase): Dataset {
  const classNames: string[] = []
  for (const [, label, className] of train_items) classNames[label] = className
  return { name, classNames, train: train_items.map(datum), val: val_items.map(datum), test: [] }
}

const paths = (data: readonly Datum[]) => data.map(({ source }) => source)
const pathsAt = (items: Item[], indices: number[]) => indices.map((i) => items[i]![0])

describe.each(golden.cases)('fewShot of $name', (entry) => {
  // The published data sets never repeat images; with enough images in every class both kinds of run agree.
  const runs = entry.runs.filter(({ repeat }) => !repeat)

  it.each(runs)('selects as the reference: seed $seed, $shots shots', ({ seed, shots, ...expected }) => {
    const { train, val } = fewShot(datasetOf(entry), shots, seed)
    expect(paths(train)).toEqual(pathsAt(entry.train_items, expected.train_indices))
    expect(paths(val)).toEqual(pathsAt(entry.val_items, expected.val_indices))
  })
})

describe('fewShot', () => {
  const small: GoldenCase = {
    name: 'small',
    train_items: [
      ['b0', 1, 'b'],
      ['a0', 0, 'a'],
      ['a1', 0, 'a'],
      ['a2', 0, 'a'],
    ],
    val_items: [],
    runs: [],
  }

  it('uses all images of a class that is short of them, and says so', () => {
    const { train, shortages } = fewShot(datasetOf(small), 2, 1)
    expect(paths(train).slice(0, 1)).toEqual(['b0'])
    expect(train).toHaveLength(3)
    expect(shortages).toEqual([{ label: 1, className: 'b', images: 1, shots: 2 }])
  })

  it('keeps the test set whole', () => {
    const dataset = { ...datasetOf(small), test: datasetOf(small).train }
    expect(fewShot(dataset, 1, 3).test).toBe(dataset.test)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses %d shots', (shots) => {
    expect(() => fewShot(datasetOf(small), shots, 1)).toThrow(ConfigError)
  })
})

describe('shortageWarnings', () => {
  const short = (count: number) =>
    Array.from({ length: count }, (_, label) => ({ label, className: `c${label}`, images: label, shots: 16 }))

  it('names each of a few classes', () => {
    expect(shortageWarnings(short(2))).toEqual([
      'class "c0" has 0 training images, fewer than 16 shots',
      'class "c1" has 1 training image, fewer than 16 shots',
    ])
  })

  it('is one sentence for many', () => {
    expect(shortageWarnings(short(9))).toEqual([
      '9 classes have fewer training images than 16 shots (0 to 8): "c0", "c1", "c2", "c3", …',
    ])
  })
})

describe('drawShots', () => {
  it('draws nothing for a class that is short', () => {
    const random = new PythonRandom(5)
    expect(drawShots([{ label: 0 }], 2, random)).toEqual([{ label: 0 }])
    expect(random.random()).toBe(new PythonRandom(5).random())
  })
})
