import { join } from 'node:path'
import { type ClassSelection, selectClasses, selectLabels } from '../../../core/data/base-novel.js'
import type { Dataset, Datum } from '../../../core/data/dataset.js'
import { fewShot } from '../../../core/data/few-shot.js'
import { PythonRandom } from '../../../core/data/python-random.js'
import { splitTrainVal } from '../../../core/data/split.js'
import { compareAll, judged } from '../deviation.js'
import { readJson } from '../golden-files.js'
import type { Check } from './check.js'

type Item = readonly [path: string, label: number, className: string]

interface GoldenDraws {
  readonly seed: number
  readonly getrandbits32: readonly number[]
  readonly getrandbits32_at_620_to_630: readonly number[]
  readonly random: readonly number[]
  readonly randrange: readonly (readonly [number, number])[]
  readonly sample_range: readonly {
    readonly n: number
    readonly k: number
    readonly result: readonly number[]
    readonly next_random: number
  }[]
  readonly shuffle15: readonly number[]
  readonly choices_range10_k8: readonly number[]
}

interface GoldenFewShot {
  readonly name: string
  readonly train_items: readonly Item[]
  readonly val_items: readonly Item[]
  readonly runs: readonly {
    readonly seed: number
    readonly shots: number
    readonly repeat: boolean
    readonly train_indices: readonly number[]
    readonly val_indices: readonly number[]
  }[]
}

interface GoldenSplit {
  readonly items: readonly Item[]
  readonly runs: readonly {
    readonly seed: number
    readonly p_val: number
    readonly train_indices: readonly number[]
    readonly val_indices: readonly number[]
  }[]
}

interface GoldenSelection {
  readonly labels: readonly number[]
  readonly subsample: 'all' | 'base' | 'new'
  readonly train_in: readonly Item[]
  readonly test_in: readonly Item[]
  readonly train_out: readonly Item[]
  readonly test_out: readonly Item[]
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i)

/** Draws of Python's generator. */
export const randomCheck: Check = {
  name: 'random numbers',
  path: 'fewshot/mt19937.json',
  async *run({ root }) {
    const { entries } = await readJson<{ entries: GoldenDraws[] }>(join(root, this.path))
    const pairs = entries.flatMap((entry): [unknown, unknown][] => {
      const generator = () => new PythonRandom(entry.seed)
      const [words, fractions, integers] = [generator(), generator(), generator()]
      const bits = range(630).map(() => words.getrandbits(32))
      return [
        [bits.slice(0, 10), entry.getrandbits32],
        [bits.slice(620, 630), entry.getrandbits32_at_620_to_630],
        [entry.random.map(() => fractions.random()), entry.random],
        [entry.randrange.map(([n]) => [n, integers.randrange(n)]), entry.randrange],
        ...entry.sample_range.map(({ n, k, result, next_random }): [unknown, unknown] => {
          const random = generator()
          return [
            [random.sample(range(n), k), random.random()],
            [result, next_random],
          ]
        }),
        [generator().shuffle(range(15)), entry.shuffle15],
        [generator().choices(range(10), 8), entry.choices_range10_k8],
      ]
    })
    yield judged('fewshot/random numbers', [compareAll('draws', pairs)])
  },
}

/** Few-shot draws. The published data sets never repeat images, so runs that do are not replayed. */
export const fewShotCheck: Check = {
  name: 'few-shot selection',
  path: 'fewshot/fewshot.json',
  async *run({ root }) {
    const { cases } = await readJson<{ cases: GoldenFewShot[] }>(join(root, this.path))
    for (const { name, train_items, val_items, runs } of cases) {
      const dataset = datasetOf(train_items, val_items, [])
      const at = (items: readonly Item[], indices: readonly number[]) => indices.map((i) => items[i]![0])
      const pairs = runs
        .filter(({ repeat }) => !repeat)
        .map(({ shots, seed, train_indices, val_indices }): [unknown, unknown] => {
          const { train, val } = fewShot(dataset, shots, seed)
          const paths = [train, val].map((data) => data.map(({ source }) => source))
          return [paths, [at(train_items, train_indices), at(val_items, val_indices)]]
        })
      yield judged(`fewshot/${name}`, [compareAll('selections', pairs)])
    }
  },
}

/** The division of a training list into training and validation. */
export const splitCheck: Check = {
  name: 'training and validation split',
  path: 'fewshot/split_trainval.json',
  async *run({ root }) {
    const { items, runs } = await readJson<GoldenSplit>(join(root, this.path))
    const labelled = items.map(([, label], index) => ({ index, label }))
    const pairs = runs.map(({ seed, p_val, train_indices, val_indices }): [unknown, unknown] => {
      const { train, val } = splitTrainVal(labelled, p_val, new PythonRandom(seed))
      return [
        [train.map(({ index }) => index), val.map(({ index }) => index)],
        [train_indices, val_indices],
      ]
    })
    yield judged('fewshot/split', [compareAll('splits', pairs)])
  },
}

/** The choice and renumbering of base and novel classes. */
export const baseNovelCheck: Check = {
  name: 'base and novel classes',
  path: 'fewshot/subsample_classes.json',
  async *run({ root }) {
    const { cases } = await readJson<{ cases: GoldenSelection[] }>(join(root, this.path))
    const pairs = cases.map((entry): [unknown, unknown] => {
      const selection: ClassSelection = entry.subsample === 'new' ? 'novel' : entry.subsample
      const expected = [entry.train_out, entry.test_out]
      // An empty selection is an error of ours where the reference goes on with no class.
      if (selectLabels(entry.labels, selection).length === 0) return [[[], []], expected]
      const selected = selectClasses(datasetOf(entry.train_in, [], entry.test_in), selection)
      const triples = [selected.train, selected.test].map((data) =>
        data.map(({ source, label }) => [source, label, selected.classNames[label]]),
      )
      return [triples, expected]
    })
    yield judged('fewshot/base and novel classes', [compareAll('selections', pairs)])
  },
}

function datasetOf(train: readonly Item[], val: readonly Item[], test: readonly Item[]): Dataset {
  const classNames: string[] = []
  for (const [, label, className] of [...train, ...val, ...test]) classNames[label] = className
  return { name: 'golden', classNames, train: train.map(datum), val: val.map(datum), test: test.map(datum) }
}

const datum = ([source, label]: Item): Datum => ({
  source,
  label,
  load: async () => ({ width: 1, height: 1, data: new Uint8Array(3) }),
})
