import { sortDatasets } from '../../core/data/dataset-names.js'
import { harmonicMean } from '../../core/evaluate/metrics.js'
import { meanOf, summarize } from '../../core/evaluate/statistics.js'
import { hasSource, protocols } from '../plans/protocol.js'
import { compareMethods, methodTitle } from './method-names.js'
import type { Observation, Quantity } from './observation.js'
import { besidePaper } from './paper/beside-paper.js'
import type { Figure, Lack, ResultRow, ResultTable } from './result-table.js'

/** Accuracies of a data set by seed. */
type Seeded = ReadonlyMap<number | null, number>

/** What was measured of a row: by data set, then by quantity. */
type Measured = ReadonlyMap<string, Partial<Record<Quantity, Seeded>>>

/** What {@link aggregate} may be told. */
export interface AggregateOptions {
  /** Whether the paper's figures stand beside the measured ones. */
  readonly paper?: boolean
}

/**
 * Tables of observations, a table a protocol and source. Observations of the same run must not be there twice (see
 * `withoutRepeats`).
 *
 * - Spread and interval are over seeds: sample standard deviation and Student's t.
 * - The harmonic mean of a data set is that of its mean base and its mean novel accuracy, that of the average row is of
 *   the averaged base and novel accuracies, as the paper computes it; its spread is that of the seeds' harmonic means.
 * - An average is the mean of its data sets' means; its spread is over the seeds' averages.
 */
export function aggregate(
  observations: readonly Observation[],
  { paper = true }: AggregateOptions = {},
): ResultTable[] {
  const tables = groupBy(observations, ({ protocol, source }) =>
    hasSource(protocol) ? `${protocol} ${source}` : protocol,
  )
  return [...tables.values()]
    .map((own) => tableOf(own))
    .sort(
      (a, b) =>
        protocols.indexOf(a.protocol) - protocols.indexOf(b.protocol) ||
        ((a.source ?? '') < (b.source ?? '') ? -1 : 1),
    )
    .map((table) => (paper ? besidePaper(table) : table))
}

function tableOf(observations: readonly Observation[]): ResultTable {
  const { protocol, source: first } = observations[0]!
  const source = hasSource(protocol) ? first : null
  const measured = sortDatasets(observations.map(({ dataset }) => dataset))
  const datasets = measured.filter((dataset) => dataset !== source)
  const quantities: Quantity[] = protocol === 'base-to-novel' ? ['base', 'novel', 'hm'] : ['accuracy']
  const rows = [...groupBy(observations, ({ method, shots }) => `${shots} ${method}`).values()]
    .map((own) => rowOf(own, { source, datasets }))
    .sort((a, b) => compareMethods(a.method, b.method) || (a.shots ?? 0) - (b.shots ?? 0))
  return { protocol, source, datasets, quantities, rows }
}

interface Columns {
  readonly source: string | null
  readonly datasets: readonly string[]
}

function rowOf(observations: readonly Observation[], { source, datasets }: Columns): ResultRow {
  const { method, shots } = observations[0]!
  const measured = measuredOf(observations)
  const seeds = [...new Set(observations.flatMap(({ seed }) => seed ?? []))].sort((a, b) => a - b)
  const figures = [...(source === null ? [] : [source]), ...datasets].flatMap((dataset) =>
    figuresOf(dataset, measured.get(dataset) ?? {}, seeds),
  )
  // The average of one data set would say the same once more.
  const averages = datasets.length > 1 ? averagesOf(datasets, measured, seeds) : []
  return {
    origin: 'measured',
    method,
    title: methodTitle(method),
    shots,
    seeds,
    figures: [...figures, ...averages],
    printedIn: null,
    averageOfShown: false,
  }
}

function measuredOf(observations: readonly Observation[]): Measured {
  const measured = new Map<string, Partial<Record<Quantity, Map<number | null, number>>>>()
  for (const { dataset, classes, seed, accuracy } of observations) {
    const own = measured.get(dataset) ?? {}
    const quantity = classes === 'all' ? 'accuracy' : classes
    own[quantity] ??= new Map()
    own[quantity].set(seed, accuracy)
    measured.set(dataset, own)
  }
  return measured
}

function figuresOf(
  dataset: string,
  { accuracy, base, novel }: Partial<Record<Quantity, Seeded>>,
  seeds: readonly number[],
): Figure[] {
  const figures: Figure[] = []
  const add = (quantity: Quantity, values: Seeded, mean?: number) => {
    const missing = seeds.filter((seed) => lacksSeed(values, seed)).map((seed) => ({ dataset, seed }))
    figures.push(figure(dataset, quantity, values, missing, mean))
  }
  if (accuracy) add('accuracy', accuracy)
  if (base) add('base', base)
  if (novel) add('novel', novel)
  if (base && novel) add('hm', harmonic(base, novel), harmonicMean(meanIn(base), meanIn(novel)))
  return figures
}

/** Averages over the data sets; what a row has not is left out, and said to be missing. */
function averagesOf(datasets: readonly string[], measured: Measured, seeds: readonly number[]): Figure[] {
  const having = (...quantities: Quantity[]) =>
    datasets.filter((dataset) => quantities.every((quantity) => measured.get(dataset)?.[quantity]))
  const valuesOf = (quantity: Quantity, of: readonly string[]) =>
    of.map((dataset) => measured.get(dataset)![quantity]!)
  const lacking = (of: readonly string[], ...quantities: Quantity[]): Lack[] => [
    ...datasets.filter((dataset) => !of.includes(dataset)).map((dataset) => ({ dataset, seed: null })),
    ...of.flatMap((dataset) =>
      seeds
        .filter((seed) => quantities.some((quantity) => lacksSeed(measured.get(dataset)![quantity]!, seed)))
        .map((seed) => ({ dataset, seed })),
    ),
  ]
  const figures: Figure[] = []
  for (const quantity of ['accuracy', 'base', 'novel'] as const) {
    const of = having(quantity)
    if (of.length === 0) continue
    const values = valuesOf(quantity, of)
    figures.push(figure(null, quantity, averaged(values), lacking(of, quantity), meanOf(values.map(meanIn))))
  }
  const both = having('base', 'novel')
  if (both.length > 0) {
    const base = valuesOf('base', both)
    const novel = valuesOf('novel', both)
    const mean = harmonicMean(meanOf(base.map(meanIn)), meanOf(novel.map(meanIn)))
    const values = harmonic(averaged(base), averaged(novel))
    figures.push(figure(null, 'hm', values, lacking(both, 'base', 'novel'), mean))
  }
  return figures
}

/** A figure whose spread is that of `values`; `mean` where it is not theirs. */
function figure(
  dataset: string | null,
  quantity: Quantity,
  values: Seeded,
  missing: readonly Lack[],
  mean?: number,
): Figure {
  const runs = [...values]
    .map(([seed, value]) => ({ seed, value }))
    .sort((a, b) => (a.seed ?? 0) - (b.seed ?? 0))
  const summary = runs.length > 0 ? summarize(runs.map(({ value }) => value)) : null
  return {
    dataset,
    quantity,
    mean: mean ?? summary!.mean,
    std: summary?.std ?? null,
    interval: summary?.interval ?? null,
    runs,
    missing,
    paper: null,
  }
}

/** Averages of the seeds that all have. What has no seed, as nothing was drawn, is the same for every seed. */
function averaged(all: readonly Seeded[]): Seeded {
  const seeds = new Set(all.flatMap((values) => [...values.keys()]))
  if (seeds.size > 1) seeds.delete(null)
  const valueAt = (values: Seeded, seed: number | null) => values.get(seed) ?? values.get(null)
  return new Map(
    [...seeds].flatMap((seed) => {
      const values = all.flatMap((own) => valueAt(own, seed) ?? [])
      return values.length === all.length ? [[seed, meanOf(values)] as const] : []
    }),
  )
}

/** Harmonic means of the seeds that both have. */
const harmonic = (base: Seeded, novel: Seeded): Seeded =>
  new Map(
    [...base].flatMap(([seed, value]) => {
      const other = novel.get(seed)
      return other === undefined ? [] : [[seed, harmonicMean(value, other)] as const]
    }),
  )

const meanIn = (values: Seeded): number => meanOf([...values.values()])

const lacksSeed = (values: Seeded, seed: number): boolean => !values.has(null) && !values.has(seed)

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}
