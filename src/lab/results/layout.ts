import { datasetTitle } from '../../core/data/dataset-names.js'
import type { Protocol } from '../plans/protocol.js'
import type { Quantity } from './observation.js'
import { differencesOf } from './paired.js'
import { type Figure, figureOf, type Replicates, type ResultRow, type ResultTable } from './result-table.js'

/** A table as it is printed, in any format. */
export interface Sheet {
  readonly title: string
  /** Headings of the figures' columns. */
  readonly head: readonly string[]
  readonly groups: readonly SheetGroup[]
  /** What is particular about these figures, a sentence each. */
  readonly notes: readonly string[]
  /** What is counted in the last column. */
  readonly over: Replicates
}

/** Rows that belong together: of a data set, or of a number of shots. */
export interface SheetGroup {
  /** Null where there is one group alone. */
  readonly title: string | null
  readonly rows: readonly SheetRow[]
}

/** A row's figures by column; undefined where there is none. */
export interface SheetRow {
  readonly row: ResultRow
  readonly figures: readonly (Figure | undefined)[]
  /** Whether the figures are differences, whose sign matters. */
  readonly signed?: boolean
}

/** Names of the benchmarks. */
export const protocolTitles: Readonly<Record<Protocol, string>> = {
  'base-to-novel': 'Base-to-novel generalization',
  'cross-dataset': 'Cross-dataset transfer',
  'domain-generalization': 'Domain generalization',
  'few-shot': 'Few-shot classification',
  'fully-supervised': 'Full supervision',
  'text-only': 'Text-only supervision',
}

/** Headings of what is measured. */
const quantityTitles: Readonly<Record<Quantity, string>> = {
  accuracy: 'accuracy',
  base: 'base',
  novel: 'novel',
  hm: 'HM',
  baseOfAll: 'base of all',
  novelOfAll: 'novel of all',
  hmOfAll: 'HM of all',
}

/**
 * The tables as the paper lays them out: base, novel and harmonic mean by data set, the average first; data sets side by
 * side across data sets and domains, and for each number of shots.
 */
export function sheetOf(table: ResultTable): Sheet {
  const { protocol, source, datasets, quantities, over } = table
  const title = `${protocolTitles[protocol]}${source === null ? '' : `, trained on ${datasetTitle(source)}`}`
  const rows = relevantRows(table)
  const severalShots = protocol !== 'few-shot' && new Set(rows.flatMap(({ shots }) => shots ?? [])).size > 1
  const shown = severalShots ? rows.map(withShots) : rows
  const notes = notesOf(table, shown)
  const average = datasets.length > 1 ? [null] : []

  if (protocol === 'base-to-novel') {
    const groups = [...average, ...datasets].map((dataset) => ({
      title: dataset === null ? averageTitle(datasets) : datasetTitle(dataset),
      rows: rowsWith(
        shown,
        quantities.map((quantity) => [dataset, quantity]),
      ),
    }))
    return { title, head: quantities.map((quantity) => quantityTitles[quantity]), groups, notes, over }
  }
  const columns = [...(source === null ? [] : [source]), ...datasets, ...average]
  const head = columns.map((dataset) =>
    dataset === null ? 'average' : `${datasetTitle(dataset)}${dataset === source ? ' (source)' : ''}`,
  )
  const keys = columns.map((dataset) => [dataset, 'accuracy'] as const)
  if (protocol !== 'few-shot') {
    return { title, head, groups: [{ title: null, rows: rowsWith(shown, keys) }], notes, over }
  }
  const shots = [...new Set(shown.map((row) => row.shots))].sort((a, b) => (a ?? 0) - (b ?? 0))
  const groups = shots.map((k) => ({
    title: shotsTitle(k),
    rows: rowsWith(
      shown.filter((row) => row.shots === k),
      keys,
    ),
  }))
  return { title, head, groups, notes, over }
}

/** What one row is beyond each other, laid out as the table itself; undefined where nothing was measured several times. */
export function differenceSheetOf(table: ResultTable): Sheet | undefined {
  const differences = differencesOf(table)
  if (!differences) return undefined
  const sheet = sheetOf(differences)
  return {
    ...sheet,
    title: `${sheet.title}: ${differences.minuend} minus each other method`,
    groups: sheet.groups.map((group) => ({
      ...group,
      rows: group.rows.map((row) => ({ ...row, signed: true })),
    })),
    notes: [...sheet.notes, pairedNote(table.over)],
  }
}

/** The sheets of tables, each followed by that of its differences. */
export const sheetsOf = (tables: readonly ResultTable[]): Sheet[] =>
  tables.flatMap((table) => [sheetOf(table), differenceSheetOf(table) ?? []].flat())

/** How differences are to be read. */
export const pairedNote = (over: Replicates): string =>
  over === 'draws'
    ? 'Differences in points of percent are taken draw by draw, each draw being the mean over its seeds; 95 %: confidence interval of their mean by Student’s t over draws of classes, drawings and scenes.'
    : 'Differences in points of percent are taken seed by seed; 95 %: confidence interval of their mean by Student’s t over seeds, on the same images.'

/** Printed rows stand in tables only with shots that were measured; curves show them all. */
function relevantRows({ rows }: ResultTable): ResultRow[] {
  const measured = new Set(rows.flatMap(({ origin, shots }) => (origin === 'measured' ? [shots] : [])))
  // Beside methods that were trained, zero-shot figures are a reference, not another experiment.
  return rows.filter(({ origin, shots }) => origin === 'measured' || shots === null || measured.has(shots))
}

const withShots = (row: ResultRow): ResultRow =>
  row.shots === null ? row : { ...row, title: `${row.title}, ${shotsTitle(row.shots)}` }

function rowsWith(
  rows: readonly ResultRow[],
  keys: readonly (readonly [dataset: string | null, quantity: Quantity])[],
): SheetRow[] {
  return rows.flatMap((row) => {
    const figures = keys.map(([dataset, quantity]) => figureOf(row, dataset, quantity))
    return figures.some((figure) => figure) ? [{ row, figures }] : []
  })
}

const OF_ALL = 'Of all'
const AVERAGE_OVER = 'Average over '

/** "Average over 11 data sets". */
export const averageTitle = (datasets: readonly string[]): string =>
  `${AVERAGE_OVER}${datasets.length} data sets`

/** "1 shot", "16 shots". */
export const shotsTitle = (shots: number | null): string =>
  shots === null ? 'no training' : shots === 1 ? '1 shot' : `${shots} shots`

function notesOf({ datasets }: ResultTable, rows: readonly ResultRow[]): string[] {
  const printed = rows.filter(({ origin }) => origin === 'paper')
  const tables = [...new Set(printed.flatMap(({ printedIn }) => printedIn ?? []))]
  const notes: string[] = []
  const [own, others] = [true, false].map((own) =>
    tables.filter((table) => /^Tables? [\d and]+$/.test(table) === own),
  )
  if (tables.length > 0) {
    const where = [
      ...(own!.length > 0 ? [`as the PromptSRC paper prints it (${own!.join('; ')})`] : []),
      ...(others!.length > 0 ? [`as printed in ${others!.join('; ')}`] : []),
    ]
    notes.push(`(paper): ${where.join(', or ')}, with CLIP ViT-B/16.`)
  }
  if (printed.some(({ averageOfShown }) => averageOfShown)) {
    notes.push(`The paper’s averages are taken over the ${datasets.length} data sets shown here.`)
  }
  for (const row of rows) {
    const lacks = lackOf(row)
    if (lacks !== '') notes.push(`† ${row.title} lacks ${lacks}.`)
  }
  // Rows of several numbers of shots may lack the same.
  return [...new Set(notes)]
}

/** What a row lacks, at most six parts. */
function lackOf({ figures }: ResultRow): string {
  const parts = new Set(
    figures.flatMap(({ missing }) =>
      missing.map(
        ({ dataset, seed, draw }) =>
          `${datasetTitle(dataset)}${draw === undefined ? '' : ` draw ${draw}`}${seed === null ? '' : ` seed ${seed}`}`,
      ),
    ),
  )
  const named = [...parts].slice(0, 6)
  return `${named.join(', ')}${parts.size > named.length ? ` and ${parts.size - named.length} more` : ''}`
}

/** How figures are to be read; a sentence each. */
const legendOver = (over: Replicates): readonly string[] => {
  const each = over === 'draws' ? 'draw' : 'seed'
  return [
    over === 'draws'
      ? 'Accuracy in percent, mean ± sample standard deviation over draws of classes, drawings and scenes, each the mean over its seeds; 95 %: confidence interval of the mean by Student’s t.'
      : 'Accuracy in percent, mean ± sample standard deviation over seeds; 95 %: confidence interval of the mean by Student’s t.',
    `HM: harmonic mean of the mean base and novel accuracies, and in averages over data sets of the averaged ones, as in the paper; its spread and interval are those of the HM of each ${each}.`,
    `${OF_ALL}: base and novel classes in one list; accuracy on the images of each, and their harmonic mean.`,
    `Averages are means over data sets; their spread and interval are over the averages of each ${each}.`,
  ]
}

/** The sentences of the legend that have something to explain below these tables. */
export function legendOf(sheets: readonly Pick<Sheet, 'head' | 'groups' | 'over'>[]): string[] {
  const heads = sheets.flatMap(({ head, groups }) => [...head, ...groups.map(({ title }) => title ?? '')])
  const hasHm = heads.includes(quantityTitles.hm)
  const hasAll = heads.includes(quantityTitles.hmOfAll)
  const hasAverage = heads.some((title) => title === 'average' || title.startsWith(AVERAGE_OVER))
  const over = new Set(sheets.map((sheet) => sheet.over))
  const legend = [...new Set([...over].flatMap(legendOver))]
  return legend.filter((line) => {
    if (line.startsWith('HM')) return hasHm
    if (line.startsWith(OF_ALL)) return hasAll
    return !line.startsWith('Averages') || hasAverage
  })
}
