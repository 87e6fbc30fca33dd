import type { FinishedUnit } from '../../plans/do-units.js'
import { drawOf } from '../../plans/draws.js'
import type { UnitData, UnitSpec } from '../../units/unit.js'
import { failureLine } from '../../units/unit-files.js'
import { accuraciesOf, type ComparedRow, type RowDifference, rowDifferences } from '../compared-rows.js'
import { pairedNote } from '../layout.js'
import type { Figure, Replicates } from '../result-table.js'
import { formatSeconds, formatSigned } from './figures.js'
import { markdownTable } from './markdown.js'
import { formatTable } from './text-table.js'

/** How the figures of a comparison are to be read; one sentence a line. */
function legendOf(rows: readonly ComparedRow[]): string {
  const over = overOf(rows)
  const [each, all] = over === 'draws' ? ['draw', 'draws, each the mean over its seeds'] : ['seed', 'seeds']
  return [
    `Accuracy in percent, mean ± sample standard deviation over ${all}.`,
    `HM: harmonic mean of the mean accuracies; its spread and interval are those of the HM of each ${each}.`,
    '95 %: confidence interval of the mean by Student’s t.',
    ...(rowDifferences(rows).length > 0 ? [pairedNote(over)] : []),
    's/step: median time of a training step; MB: peak memory of the process (10^6 bytes).',
  ].join('\n')
}

/** What the figures of the rows are over. */
export const overOf = (rows: readonly ComparedRow[]): Replicates =>
  rows.some(({ base }) => base.runs.some(({ draw }) => draw !== undefined)) ? 'draws' : 'seeds'

const accuracies = ({
  base,
  novel,
  hm,
}: Pick<ComparedRow, 'base' | 'novel' | 'hm'>): readonly (Figure | null)[] => [base, novel, hm]

/** Accuracies with their spread for a terminal. */
export const accuraciesText = (rows: readonly ComparedRow[]): string =>
  formatTable(
    ['method', 'base', 'novel', 'HM'],
    rows.map((row) => [row.entry.title, ...accuracies(row).map(formatMean)]),
  )

/** Accuracies and what they cost for a terminal; their intervals where a row has several seeds. */
export function comparisonText(rows: readonly ComparedRow[]): string {
  const figures = formatTable(
    ['method', 'base', 'novel', 'HM', 'values', 's/step', 'MB'],
    rows.map((row) => [row.entry.title, ...accuracies(row).map(formatMean), ...costs(row)]),
  )
  const several = rows.filter(({ base }) => base.interval)
  const intervals = formatTable(
    ['95 %', 'base', 'novel', 'HM'],
    several.map((row) => [row.entry.title, ...accuracies(row).map(formatInterval)]),
  )
  const differences = differencesText(rows)
  return [
    figures,
    ...(several.length > 0 ? [intervals] : []),
    ...(differences ? [differences] : []),
    legendOf(rows),
  ].join('\n\n')
}

/** Differences by pairs with their intervals for a terminal; undefined where there are none. */
export function differencesText(rows: readonly ComparedRow[]): string | undefined {
  const differences = rowDifferences(rows)
  return differences.length > 0
    ? formatTable(differenceHead(rows, differences), differences.map(differenceCells))
    : undefined
}

const differenceHead = (rows: readonly ComparedRow[], [first]: readonly RowDifference[]): string[] => [
  `${first!.minuend.title} minus`,
  'base (95 %)',
  'novel (95 %)',
  'HM (95 %)',
  overOf(rows),
]

const differenceCells = (difference: RowDifference): string[] => [
  difference.other.title,
  ...accuracies(difference).map(formatSpan),
  `${difference.base.runs.length}`,
]

/** "+4.7 (+1.2 to +8.2)". */
function formatSpan(figure: Figure | null): string {
  if (!figure) return '-'
  const span = figure.interval?.map((value) => formatSigned(value, 1)).join(' to ')
  return `${formatSigned(figure.mean, 1)}${span ? ` (${span})` : ''}`
}

/** All figures as a Markdown document: a table, its legend, and what failed. */
export function comparisonMarkdown(
  title: string,
  rows: readonly ComparedRow[],
  units: readonly FinishedUnit[],
): string {
  const table = markdownTable(
    ['method', 'base', '95 %', 'novel', '95 %', 'HM', '95 %', 'values', 's/step', 'MB'],
    rows.map((row) => [
      row.entry.title,
      ...accuracies(row).flatMap((figure) => [formatMean(figure), formatInterval(figure)]),
      ...costs(row),
    ]),
  )
  const differences = rowDifferences(rows)
  const pairs =
    differences.length > 0
      ? [markdownTable(differenceHead(rows, differences), differences.map(differenceCells))]
      : []
  const failures = failureLines(units).map((line) => `- ${line}`)
  const failed = failures.length > 0 ? [`Failed:\n\n${failures.join('\n')}`] : []
  return `${[`# ${title}`, table, ...pairs, legendOf(rows), ...failed].join('\n\n')}\n`
}

/** A line for each unit that failed, with its message and the next step. */
export const failureLines = (units: readonly FinishedUnit[]): string[] =>
  units.flatMap(({ entry: { title }, spec: { data, settings }, failure }) =>
    failure ? [failureLine([title, ...drawnIn(data), ...seeded(settings)].join(', '), failure)] : [],
  )

/** The figures of a comparison as plain data (docs/comparison.md), beside what was compared. */
export const comparisonJson = <T extends object>(
  compared: T,
  rows: readonly ComparedRow[],
  units: readonly FinishedUnit[],
) => ({
  ...compared,
  rows: rows.map(({ entry, units, base, novel, hm, parameters, stepSeconds, peakMemoryMB }) => {
    const { seed: _, ...settings } = units[0]!.spec.settings
    return {
      label: entry.label,
      title: entry.title,
      method: entry.method,
      settings,
      base: summary(base),
      novel: novel && summary(novel),
      hm: hm && summary(hm),
      parameters,
      stepSeconds,
      peakMemoryMB,
      runs: units.map((unit) => ({
        seed: unit.spec.settings.seed,
        ...drawIn(unit),
        folder: unit.folder,
        ...accuraciesOf(unit),
        stepSeconds: unit.result.stepSeconds,
        peakMemoryMB: unit.result.peakMemoryMB,
      })),
    }
  }),
  over: overOf(rows),
  differences: differencesJson(rows),
  failed: units.flatMap(({ entry: { label }, spec: { settings }, folder, failure }) =>
    failure
      ? [{ label, seed: settings.seed, folder, message: failure.message, hint: failure.hint ?? null }]
      : [],
  ),
})

/** Differences by pairs as plain data. */
export const differencesJson = (rows: readonly ComparedRow[]) =>
  rowDifferences(rows).map(({ minuend, other, base, novel, hm }) => ({
    label: minuend.label,
    minus: other.label,
    pairs: base.runs.length,
    base: summary(base),
    novel: novel && summary(novel),
    hm: hm && summary(hm),
  }))

const drawnIn = ({ name }: UnitData): string[] => (drawOf(name).draw === undefined ? [] : [name])

const seeded = ({ seed }: UnitSpec['settings']): string[] => (seed === null ? [] : [`seed ${seed}`])

function drawIn({ spec }: FinishedUnit): { draw?: number } {
  const { draw } = drawOf(spec.data.name)
  return draw === undefined ? {} : { draw }
}

const summary = ({ mean, std, interval }: Figure) => ({ mean, std, interval })

const costs = ({ parameters, stepSeconds, peakMemoryMB }: ComparedRow): string[] => [
  `${parameters}`,
  stepSeconds === null ? '-' : formatSeconds(stepSeconds),
  peakMemoryMB.toFixed(0),
]

/** "74.5 ± 3.3", or the mean alone where there is no spread. */
function formatMean(figure: Figure | null): string {
  if (!figure) return '-'
  return `${figure.mean.toFixed(1)}${figure.std === null ? '' : ` ± ${figure.std.toFixed(1)}`}`
}

/** "66.3 to 82.7". */
const formatInterval = (figure: Figure | null): string =>
  figure?.interval ? figure.interval.map((value) => value.toFixed(1)).join(' to ') : '-'
