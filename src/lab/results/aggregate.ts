import { sortDatasets } from '../../core/data/dataset-names.js'
import { harmonicMean } from '../../core/evaluate/metrics.js'
import { meanOf, summarize } from '../../core/evaluate/statistics.js'
import { hasSource, protocols } from '../plans/protocol.js'
import { compareMethods, methodTitle } from './method-names.js'
import type { Observation, Quantity } from './observation.js'
import { besidePaper } from './paper/beside-paper.js'
import type { Figure, Lack, Replicates, ResultRow, ResultTable } from './result-table.js'

/** Accuracies of a data set by seed, or by draw. */
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
 * - Spread and interval are over seeds: sample standard deviation and Student's t. Where there are several draws of the
 *   data sets they are over draws, each being the mean over its seeds: the seeds of a draw share its pictures, so that
 *   they are no further witnesses.
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
  const together = observations.some(({ among }) => among === 'all')
  const quantities: Quantity[] =
    protocol === 'base-to-novel'
      ? ['base', 'novel', 'hm', ...(together ? (['baseOfAll', 'novelOfAll', 'hmOfAll'] as const) : [])]
      : ['accuracy']
  const over = new Set(observations.map(drawIn)).size > 1 ? 'draws' : 'seeds'
  const rows = [...groupBy(observations, ({ method, shots }) => `${shots} ${method}`).values()]
    .map((own) => rowOf(own, { source, datasets, over }))
    .sort((a, b) => compareMethods(a.method, b.method) || (a.shots ?? 0) - (b.shots ?? 0))
  return { protocol, source, datasets, quantities, over, rows }
}

interface Columns {
  readonly source: string | null
  readonly datasets: readonly string[]
  readonly over: Replicates
}

/** The draw of an observation; the first where none is said. */
const drawIn = ({ draw = 0 }: Observation): number => draw

function rowOf(observations: readonly Observation[], { source, datasets, over }: Columns): ResultRow {
  const { method, shots } = observations[0]!
  const measured = measuredOf(observations, over)
  const seeds = rising(observations.flatMap(({ seed }) => seed ?? []))
  const draws = over === 'draws' ? rising(observations.map(drawIn)) : []
  const replicates = { over, keys: over === 'draws' ? draws : seeds }
  const figures = [...(source === null ? [] : [source]), ...datasets].flatMap((dataset) =>
    figuresOf(dataset, measured.get(dataset) ?? {}, replicates),
  )
  // The average of one data set would say the same once more.
  const averages = datasets.length > 1 ? averagesOf(datasets, measured, replicates) : []
  return {
    origin: 'measured',
    method,
    title: methodTitle(method),
    shots,
    seeds,
    draws,
    figures: [...figures, ...averages],
    printedIn: null,
    averageOfShown: false,
  }
}

const rising = (numbers: readonly number[]): number[] => [...new Set(numbers)].sort((a, b) => a - b)

function quantityOf({ classes, among }: Observation): Quantity {
  if (classes === 'all') return 'accuracy'
  return among === 'all' ? `${classes}OfAll` : classes
}

/** Harmonic means, and what they are of. */
const HARMONIC = [
  ['hm', 'base', 'novel'],
  ['hmOfAll', 'baseOfAll', 'novelOfAll'],
] as const

/** A draw counts where it has all of its row's seeds. */
function measuredOf(observations: readonly Observation[], over: Replicates): Measured {
  const runs = new Map<string, Partial<Record<Quantity, Map<number, Map<number | null, number>>>>>()
  for (const observation of observations) {
    const { dataset, seed, accuracy } = observation
    const own = runs.get(dataset) ?? {}
    const quantity = quantityOf(observation)
    own[quantity] ??= new Map()
    const draw = own[quantity].get(drawIn(observation)) ?? new Map()
    own[quantity].set(drawIn(observation), draw.set(seed, accuracy))
    runs.set(dataset, own)
  }
  const most = Math.max(
    ...[...runs.values()].flatMap((own) =>
      Object.values(own).flatMap((draws) => [...draws.values()].map(({ size }) => size)),
    ),
  )
  const seeded = (draws: ReadonlyMap<number, Seeded>): Seeded =>
    over === 'seeds'
      ? [...draws.values()][0]!
      : new Map(
          [...draws].flatMap(([draw, seeds]) =>
            seeds.size === most ? [[draw, meanIn(seeds)] as const] : [],
          ),
        )
  return new Map(
    [...runs].map(([dataset, own]) => [
      dataset,
      Object.fromEntries(Object.entries(own).map(([quantity, draws]) => [quantity, seeded(draws)])),
    ]),
  )
}

/** What a row's figures are over, and of which it has any. */
interface Repeated {
  readonly over: Replicates
  readonly keys: readonly number[]
}

function figuresOf(dataset: string, own: Partial<Record<Quantity, Seeded>>, repeated: Repeated): Figure[] {
  const figures: Figure[] = []
  const add = (quantity: Quantity, values: Seeded, mean?: number) => {
    if (values.size === 0) return
    const missing = lacking(repeated, dataset, values)
    figures.push(figure(dataset, quantity, { values, over: repeated.over, missing, mean }))
  }
  if (own.accuracy) add('accuracy', own.accuracy)
  for (const [hm, ...halves] of HARMONIC) {
    const [base, novel] = halves.map((half) => own[half])
    if (base) add(halves[0], base)
    if (novel) add(halves[1], novel)
    if (base && novel) add(hm, harmonic(base, novel), harmonicMean(meanIn(base), meanIn(novel)))
  }
  return figures
}

/** Averages over the data sets; what a row has not is left out, and said to be missing. */
function averagesOf(datasets: readonly string[], measured: Measured, repeated: Repeated): Figure[] {
  const having = (...quantities: Quantity[]) =>
    datasets.filter((dataset) => quantities.every((quantity) => measured.get(dataset)?.[quantity]?.size))
  const valuesOf = (quantity: Quantity, of: readonly string[]) =>
    of.map((dataset) => measured.get(dataset)![quantity]!)
  const lacks = (of: readonly string[], ...quantities: Quantity[]): Lack[] => [
    ...datasets.filter((dataset) => !of.includes(dataset)).map((dataset) => ({ dataset, seed: null })),
    ...of.flatMap((dataset) =>
      lacking(repeated, dataset, ...quantities.map((quantity) => measured.get(dataset)![quantity]!)),
    ),
  ]
  const { over } = repeated
  const figures: Figure[] = []
  for (const quantity of ['accuracy', 'base', 'novel', 'baseOfAll', 'novelOfAll'] as const) {
    const of = having(quantity)
    if (of.length === 0) continue
    const values = valuesOf(quantity, of)
    figures.push(
      figure(null, quantity, {
        values: averaged(values),
        over,
        missing: lacks(of, quantity),
        mean: meanOf(values.map(meanIn)),
      }),
    )
  }
  for (const [hm, ...halves] of HARMONIC) {
    const both = having(...halves)
    if (both.length === 0) continue
    const [base, novel] = halves.map((half) => valuesOf(half, both)) as [Seeded[], Seeded[]]
    const mean = harmonicMean(meanOf(base.map(meanIn)), meanOf(novel.map(meanIn)))
    const values = harmonic(averaged(base), averaged(novel))
    figures.push(figure(null, hm, { values, over, missing: lacks(both, ...halves), mean }))
  }
  return figures
}

/** What a figure is made of. */
interface FigureValues {
  /** Whose spread is shown. */
  readonly values: Seeded
  readonly over: Replicates
  readonly missing: readonly Lack[]
  /** Where it is not that of the values. */
  readonly mean?: number | undefined
}

function figure(
  dataset: string | null,
  quantity: Quantity,
  { values, over, missing, mean }: FigureValues,
): Figure {
  const runs = [...values]
    .sort(([a], [b]) => (a ?? 0) - (b ?? 0))
    .map(([key, value]) => (over === 'draws' ? { seed: null, draw: key!, value } : { seed: key, value }))
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

/** Seeds or draws of the row that any of the values lack. */
const lacking = ({ over, keys }: Repeated, dataset: string, ...values: readonly Seeded[]): Lack[] =>
  keys
    .filter((key) => values.some((own) => !own.has(null) && !own.has(key)))
    .map((key) => (over === 'draws' ? { dataset, seed: null, draw: key } : { dataset, seed: key }))

/** Averages of the seeds or draws that all have. What has no seed, as nothing was drawn, is the same for every seed. */
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

/** Harmonic means of the seeds or draws that both have. */
const harmonic = (base: Seeded, novel: Seeded): Seeded =>
  new Map(
    [...base].flatMap(([seed, value]) => {
      const other = novel.get(seed)
      return other === undefined ? [] : [[seed, harmonicMean(value, other)] as const]
    }),
  )

const meanIn = (values: Seeded): number => meanOf([...values.values()])

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
