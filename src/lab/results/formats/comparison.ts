import type { FinishedUnit } from '../../plans/do-units.js'
import { failureLine } from '../../units/unit-files.js'
import { type ComparedRow, type DoneUnit, valueAt } from '../compared-rows.js'
import type { Figure } from '../result-table.js'
import { formatSeconds } from './figures.js'
import { markdownTable } from './markdown.js'
import { formatTable } from './text-table.js'

/** How the figures of a comparison are to be read; one sentence a line. */
const legend: readonly string[] = [
  'Accuracy in percent, mean ± sample standard deviation over seeds.',
  'HM: harmonic mean of the mean accuracies; its spread and interval are those of the HM of each seed.',
  '95 %: confidence interval of the mean by Student’s t.',
  's/step: median time of a training step; MB: peak memory of the process (10^6 bytes).',
]

const accuracies = ({ base, novel, hm }: ComparedRow): readonly (Figure | null)[] => [base, novel, hm]

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
  return [figures, ...(several.length > 0 ? [intervals] : []), legend.join('\n')].join('\n\n')
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
  const failures = failureLines(units).map((line) => `- ${line}`)
  const failed = failures.length > 0 ? [`Failed:\n\n${failures.join('\n')}`] : []
  return `${[`# ${title}`, table, legend.join('\n'), ...failed].join('\n\n')}\n`
}

/** A line for each unit that failed, with its message and the next step. */
export const failureLines = (units: readonly FinishedUnit[]): string[] =>
  units.flatMap(({ entry: { title }, spec: { settings }, failure }) =>
    failure ? [failureLine(settings.seed === null ? title : `${title}, seed ${settings.seed}`, failure)] : [],
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
      runs: units.map(({ spec, folder, result }: DoneUnit) => ({
        seed: spec.settings.seed,
        folder,
        base: valueAt(base, spec.settings.seed),
        novel: valueAt(novel, spec.settings.seed),
        hm: valueAt(hm, spec.settings.seed),
        stepSeconds: result.stepSeconds,
        peakMemoryMB: result.peakMemoryMB,
      })),
    }
  }),
  failed: units.flatMap(({ entry: { label }, spec: { settings }, folder, failure }) =>
    failure
      ? [{ label, seed: settings.seed, folder, message: failure.message, hint: failure.hint ?? null }]
      : [],
  ),
})

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
