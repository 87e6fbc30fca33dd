import { harmonicMean } from '../../../core/evaluate/metrics.js'
import { meanOf } from '../../../core/evaluate/statistics.js'
import { compareMethods, paperTitle, plainMethod } from '../method-names.js'
import type { Quantity } from '../observation.js'
import {
  type Figure,
  figureOf,
  type Lack,
  lacksDataset,
  type ResultRow,
  type ResultTable,
} from '../result-table.js'
import { printedRows } from './paper.js'
import type { PaperRow } from './paper-row.js'

/** What the paper trained on across data sets and domains. */
const SOURCE = 'ImageNet'

/**
 * The table with the paper's rows for its data sets beside the measured ones, and the paper's figure beside each
 * measured figure of the same method, data set and shots. Where not all of the paper's data sets were measured, its
 * averages are over those that were, so that averages side by side are over the same.
 */
export function besidePaper(table: ResultTable): ResultTable {
  if (table.source !== null && table.source !== SOURCE) return table
  const hasProText = table.rows.some(({ method }) => plainMethod(method) === 'protext')
  const printed = printedRows(table.protocol, hasProText).flatMap((row) => paperRow(row, table) ?? [])
  if (printed.length === 0) return table
  const rows = [...table.rows.map((row) => rowBesidePaper(row, printed)), ...printed].sort(
    (a, b) =>
      compareMethods(plainMethod(a.method), plainMethod(b.method)) ||
      (a.shots ?? 0) - (b.shots ?? 0) ||
      (a.origin === b.origin ? compareMethods(a.method, b.method) : a.origin === 'measured' ? -1 : 1),
  )
  return { ...table, rows }
}

/** The paper's row restricted to the table's data sets; undefined where it has none of them. */
function paperRow(row: PaperRow, { source, datasets, quantities }: ResultTable): ResultRow | undefined {
  const { method, shots, cells, average, averaged, table } = row
  const figures = [...(source === null ? [] : [source]), ...datasets].flatMap((dataset) =>
    quantities.flatMap((quantity) => {
      const value = cells[dataset]?.[quantity]
      return value === undefined ? [] : [printedFigure(dataset, quantity, value)]
    }),
  )
  const whole = averaged.length === datasets.length && averaged.every((name) => datasets.includes(name))
  const averages = whole
    ? quantities.flatMap((quantity) => {
        const value = average[quantity]
        return value === undefined ? [] : [printedFigure(null, quantity, value)]
      })
    : averagesOfShown(row, datasets, quantities)
  if (figures.length === 0 && averages.length === 0) return undefined
  return {
    origin: 'paper',
    method,
    title: paperTitle(method),
    shots,
    seeds: [],
    draws: [],
    figures: [...figures, ...averages],
    printedIn: table,
    averageOfShown: !whole && averages.length > 0,
  }
}

/** Averages over those of the table's data sets that the row has. */
function averagesOfShown(
  { cells }: PaperRow,
  datasets: readonly string[],
  quantities: readonly Quantity[],
): Figure[] {
  const shown = datasets.filter((dataset) => cells[dataset])
  if (datasets.length < 2 || shown.length === 0) return []
  const missing = datasets
    .filter((dataset) => !shown.includes(dataset))
    .map((dataset) => ({ dataset, seed: null }))
  const mean = (quantity: Quantity) => meanOf(shown.map((dataset) => cells[dataset]![quantity]!))
  const printed = quantities.filter((quantity) => cells[shown[0]!]![quantity] !== undefined)
  return printed.map((quantity) => {
    const value = quantity === 'hm' ? harmonicMean(mean('base'), mean('novel')) : mean(quantity)
    return printedFigure(null, quantity, value, missing)
  })
}

const printedFigure = (
  dataset: string | null,
  quantity: Quantity,
  mean: number,
  missing: readonly Lack[] = [],
): Figure => ({ dataset, quantity, mean, std: null, interval: null, runs: [], missing, paper: null })

/** A measured row with the paper's figures of the same beside its own. */
function rowBesidePaper(row: ResultRow, printed: readonly ResultRow[]): ResultRow {
  const same = printed.find(({ method, shots }) => method === plainMethod(row.method) && shots === row.shots)
  if (!same) return row
  const figures = row.figures.map((figure): Figure => {
    const other = figureOf(same, figure.dataset, figure.quantity)
    return other && !lacksDatasets(other) && !lacksDatasets(figure)
      ? { ...figure, paper: other.mean }
      : figure
  })
  return { ...row, figures }
}

/** Whether an average is over fewer data sets than the table has. Missing seeds leave it an average of the same. */
const lacksDatasets = ({ missing }: Figure): boolean => missing.some(lacksDataset)
