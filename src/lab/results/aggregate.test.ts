import { describe, expect, it } from 'vitest'
import { harmonicMean } from '../../core/evaluate/metrics.js'
import { summarize } from '../../core/evaluate/statistics.js'
import { aggregate } from './aggregate.js'
import type { Observation } from './observation.js'
import { paperRows } from './paper/paper.js'
import { figureOf, type ResultTable } from './result-table.js'

const observation = (changes: Partial<Observation>): Observation => ({
  protocol: 'base-to-novel',
  method: 'promptsrc',
  dataset: 'EuroSAT',
  source: changes.dataset ?? 'EuroSAT',
  classes: 'base',
  shots: 16,
  seed: 1,
  accuracy: 50,
  from: 'here',
  ...changes,
})

/** Base and novel accuracies of a method by data set, a pair a seed. */
const runs = (method: string, cells: Record<string, readonly (readonly [number, number])[]>): Observation[] =>
  Object.entries(cells).flatMap(([dataset, pairs]) =>
    pairs.flatMap(([base, novel], i) => [
      observation({ method, dataset, seed: i + 1, accuracy: base }),
      observation({ method, dataset, seed: i + 1, classes: 'novel', accuracy: novel }),
    ]),
  )

const rowIn = (table: ResultTable, method: string, origin = 'measured', shots?: number | null) => {
  const row = table.rows.find(
    (row) => row.method === method && row.origin === origin && (shots === undefined || row.shots === shots),
  )
  if (!row) throw new Error(`no row ${method}`)
  return row
}

describe('base and novel classes together', () => {
  const halves = (method: string, together: boolean) =>
    ['A', 'B'].flatMap((dataset, i) =>
      (['base', 'novel'] as const).flatMap((classes, j) => [
        observation({ method, dataset, classes, accuracy: 80 + i - 10 * j }),
        ...(together
          ? [observation({ method, dataset, classes, among: 'all' as const, accuracy: 60 + i - 20 * j })]
          : []),
      ]),
    )

  it('have columns of their own beside the halves alone, with their harmonic mean', () => {
    const [table] = aggregate(halves('ivlp', true), { paper: false })
    expect(table!.quantities).toEqual(['base', 'novel', 'hm', 'baseOfAll', 'novelOfAll', 'hmOfAll'])
    const found = table!.quantities.map((quantity) => figureOf(table!.rows[0]!, null, quantity)!.mean)
    expect(found[3]).toBeCloseTo(60.5, 9)
    expect(found[4]).toBeCloseTo(40.5, 9)
    expect(found[5]).toBeCloseTo(harmonicMean(60.5, 40.5), 9)
    expect(found.slice(0, 2)).toEqual([80.5, 70.5])
  })

  it('leave a row empty there that was measured before there were such columns, and all tables of such rows as they were', () => {
    const [mixed] = aggregate([...halves('ivlp', true), ...halves('maple', false)], { paper: false })
    const old = mixed!.rows.find(({ method }) => method === 'maple')!
    expect(figureOf(old, 'A', 'hm')).toBeDefined()
    expect(figureOf(old, 'A', 'hmOfAll')).toBeUndefined()
    expect(aggregate(halves('maple', false), { paper: false })[0]!.quantities).toEqual([
      'base',
      'novel',
      'hm',
    ])
  })
})

describe('base-to-novel generalization', () => {
  const cells = {
    Food101: [
      [90, 91],
      [91, 90],
      [92, 92],
    ],
    EuroSAT: [
      [92, 60],
      [94, 80],
      [90, 70],
    ],
  } as const
  const [table] = aggregate(runs('promptsrc', cells), { paper: false })
  const row = rowIn(table!, 'promptsrc')

  it('takes the harmonic mean of the means, with the spread of the seeds’ harmonic means', () => {
    const hm = figureOf(row, 'EuroSAT', 'hm')!
    const bySeed = cells.EuroSAT.map(([base, novel]) => harmonicMean(base, novel))
    expect(hm.mean).toBeCloseTo(harmonicMean(92, 70), 12)
    expect(hm.mean).not.toBeCloseTo(summarize(bySeed).mean, 2)
    expect(hm.std).toBeCloseTo(summarize(bySeed).std!, 12)
    expect(hm.interval).toEqual(summarize(bySeed).interval)
  })

  it('averages over data sets, with the spread of the seeds’ averages', () => {
    const base = figureOf(row, null, 'base')!
    const averages = summarize([(90 + 92) / 2, (91 + 94) / 2, (92 + 90) / 2])
    expect(base.mean).toBeCloseTo((91 + 92) / 2, 12)
    expect(base.std).toBeCloseTo(averages.std!, 12)
    expect(base.interval![0]).toBeCloseTo(averages.interval![0], 12)
    expect(figureOf(row, null, 'hm')!.mean).toBeCloseTo(harmonicMean((91 + 92) / 2, (91 + 70) / 2), 12)
  })

  it('keeps data sets in the paper’s order, and leaves the average of one out', () => {
    expect(table!.datasets).toEqual(['Food101', 'EuroSAT'])
    const [single] = aggregate(runs('promptsrc', { photos: [[80, 70]] }))
    expect(rowIn(single!, 'promptsrc').figures.map(({ dataset }) => dataset)).toEqual([
      'photos',
      'photos',
      'photos',
    ])
    expect(single!.rows).toHaveLength(1)
  })

  it('gives no spread to one seed, nor to what has none', () => {
    const [table] = aggregate(
      [
        ...runs('promptsrc', { EuroSAT: [[90, 70]] }),
        observation({ method: 'zero-shot', seed: null, shots: null }),
        observation({ method: 'zero-shot', seed: null, shots: null, classes: 'novel', accuracy: 60 }),
      ],
      { paper: false },
    )
    for (const { figures } of table!.rows) {
      for (const { std, interval, missing } of figures) {
        expect({ std, interval, missing }).toEqual({ std: null, interval: null, missing: [] })
      }
    }
  })

  it('says which seeds and data sets a row lacks, and averages what there is', () => {
    const partial = [
      ...runs('promptsrc', cells).filter(({ dataset, seed }) => dataset !== 'EuroSAT' || seed !== 2),
      ...runs('coop', { Food101: cells.Food101 }),
    ]
    const [table] = aggregate(partial, { paper: false })
    const row = rowIn(table!, 'promptsrc')
    expect(figureOf(row, 'EuroSAT', 'base')!.missing).toEqual([{ dataset: 'EuroSAT', seed: 2 }])
    expect(figureOf(row, 'Food101', 'base')!.missing).toEqual([])
    const average = figureOf(row, null, 'base')!
    expect(average.missing).toEqual([{ dataset: 'EuroSAT', seed: 2 }])
    expect(average.mean).toBeCloseTo((91 + 91) / 2, 12)
    expect(average.runs.map(({ seed }) => seed)).toEqual([1, 3])
    expect(figureOf(rowIn(table!, 'coop'), null, 'base')!.missing).toEqual([
      { dataset: 'EuroSAT', seed: null },
    ])
  })

  it('has no harmonic mean for a method that knows only the base classes', () => {
    const base = runs('linear-probe', cells).filter(({ classes }) => classes === 'base')
    const [table] = aggregate(base, { paper: false })
    const quantities = rowIn(table!, 'linear-probe').figures.map(({ quantity }) => quantity)
    expect([...new Set(quantities)]).toEqual(['base'])
  })

  it('takes the harmonic mean of the average over the data sets that have both', () => {
    const partial = runs('promptsrc', cells).filter(
      ({ dataset, classes }) => dataset !== 'Food101' || classes === 'base',
    )
    const row = rowIn(aggregate(partial, { paper: false })[0]!, 'promptsrc')
    const hm = figureOf(row, null, 'hm')!
    expect(hm.mean).toBeCloseTo(harmonicMean(92, 70), 12)
    expect(hm.missing).toEqual([{ dataset: 'Food101', seed: null }])
  })
})

describe('beside the paper', () => {
  const printed = paperRows('base-to-novel').find(({ method }) => method === 'promptsrc')!
  const measured = (datasets: readonly string[]) =>
    datasets.flatMap((dataset) => [
      observation({ dataset, accuracy: printed.cells[dataset]!.base! + 1 }),
      observation({ dataset, classes: 'novel', accuracy: printed.cells[dataset]!.novel! - 1 }),
    ])

  it('stand the printed averages where all data sets were measured', () => {
    const [table] = aggregate(measured(printed.averaged))
    const paper = rowIn(table!, 'promptsrc', 'paper')
    expect(figureOf(paper, null, 'hm')!.mean).toBe(79.97)
    expect(paper.averageOfShown).toBe(false)
    expect(figureOf(rowIn(table!, 'promptsrc'), null, 'base')!.paper).toBe(84.26)
    expect(table!.rows.map(({ method }) => method)).toEqual([
      'zero-shot',
      'coop',
      'cocoop',
      'proda',
      'maple',
      'ivlp',
      'promptsrc',
      'promptsrc',
    ])
  })

  it('stand averages over the same data sets where fewer were measured', () => {
    const [table] = aggregate(measured(['EuroSAT', 'UCF101']))
    const paper = rowIn(table!, 'promptsrc', 'paper')
    expect(paper.averageOfShown).toBe(true)
    expect(figureOf(paper, null, 'base')!.mean).toBeCloseTo((92.9 + 87.1) / 2, 12)
    expect(figureOf(paper, null, 'hm')!.mean).toBeCloseTo(harmonicMean(90, (73.9 + 78.8) / 2), 12)
    expect(figureOf(rowIn(table!, 'promptsrc'), null, 'base')!.paper).toBeCloseTo(90, 12)
  })

  it('compares no average with one over other data sets', () => {
    const [table] = aggregate([
      ...measured(['EuroSAT', 'UCF101']),
      ...runs('promptsrc', { photos: [[80, 70]] }),
    ])
    const row = rowIn(table!, 'promptsrc')
    expect(figureOf(row, null, 'base')!.paper).toBeNull()
    expect(figureOf(row, 'EuroSAT', 'base')!.paper).toBe(92.9)
    expect(figureOf(rowIn(table!, 'promptsrc', 'paper'), null, 'base')!.missing).toEqual([
      { dataset: 'photos', seed: null },
    ])
  })

  it('compares rows of the Python reference, but not of other shots', () => {
    const python = measured(['EuroSAT']).map((each) => ({ ...each, method: 'promptsrc (Python)' }))
    const fewer = measured(['EuroSAT']).map((each) => ({ ...each, shots: 4 }))
    const [table] = aggregate([...python, ...fewer])
    expect(figureOf(rowIn(table!, 'promptsrc (Python)'), 'EuroSAT', 'base')!.paper).toBe(92.9)
    expect(figureOf(rowIn(table!, 'promptsrc', 'measured', 4), 'EuroSAT', 'base')!.paper).toBeNull()
  })
})

describe('across data sets and domains', () => {
  const measure = (protocol: Observation['protocol'], source: string, dataset: string, accuracy: number) =>
    observation({ protocol, source, dataset, classes: 'all', accuracy })
  const tables = aggregate([
    measure('domain-generalization', 'ImageNet', 'ImageNet', 71),
    measure('domain-generalization', 'ImageNet', 'ImageNetA', 50),
    measure('domain-generalization', 'ImageNet', 'ImageNetR', 70),
    measure('cross-dataset', 'toy', 'toy', 90),
    measure('cross-dataset', 'toy', 'photos', 60),
    measure('cross-dataset', 'ImageNet', 'ImageNet', 72),
    measure('cross-dataset', 'ImageNet', 'EuroSAT', 46),
  ])

  it('makes a table a source, whose average leaves the source out', () => {
    expect(tables.map(({ protocol, source }) => [protocol, source])).toEqual([
      ['cross-dataset', 'ImageNet'],
      ['cross-dataset', 'toy'],
      ['domain-generalization', 'ImageNet'],
    ])
    const domains = tables[2]!
    expect(domains.datasets).toEqual(['ImageNetA', 'ImageNetR'])
    expect(figureOf(rowIn(domains, 'promptsrc'), null, 'accuracy')!.mean).toBe(60)
    expect(figureOf(rowIn(domains, 'promptsrc'), 'ImageNet', 'accuracy')!.mean).toBe(71)
  })

  it('has rows of the paper only where ImageNet was trained on', () => {
    expect(tables.map(({ rows }) => rows.some(({ origin }) => origin === 'paper'))).toEqual([
      true,
      false,
      true,
    ])
  })
})

it('makes a row of each number of shots', () => {
  const of = (shots: number, accuracy: number) =>
    observation({ protocol: 'few-shot', classes: 'all', shots, accuracy })
  const [table] = aggregate([of(4, 70), of(1, 60)])
  const shown = table!.rows.filter(({ method, origin }) => method === 'promptsrc' && origin === 'measured')
  expect(shown.map(({ shots }) => shots)).toEqual([1, 4])
  expect(figureOf(shown[0]!, 'EuroSAT', 'accuracy')!.paper).toBe(73.13)
})
