import type { Summary } from '../../core/evaluate/statistics.js'
import { formatSeconds } from '../results/formats/figures.js'
import { failureLine } from '../units/unit-files.js'
import type { Comparison } from './comparison.js'
import { type Row, rowsOf } from './figures.js'

/** Heading and lines of a table, as text. */
export interface TextTable {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** How the figures of a comparison are to be read; one sentence a line. */
export const legend: readonly string[] = [
  'Accuracy in percent, mean ± sample standard deviation over seeds.',
  'HM: harmonic mean of the mean accuracies; its spread and interval are those of the HM of each seed.',
  '95 %: confidence interval of the mean by Student’s t.',
  's/step: median time of a training step; MB: peak memory of the process (10^6 bytes).',
]

/** Accuracies with their spread, and what they cost. */
export function figureTable(comparison: Comparison): TextTable {
  return {
    head: ['method', 'base', 'novel', 'HM', 'values', 's/step', 'MB'],
    rows: rowsOf(comparison).map((row) => [row.entry.title, ...accuracies(row), ...costs(row)]),
  }
}

/** Confidence intervals of the means; undefined where no row has several seeds. */
export function intervalTable(comparison: Comparison): TextTable | undefined {
  const rows = rowsOf(comparison).filter(({ base }) => base.interval)
  if (rows.length === 0) return undefined
  return {
    head: ['95 %', 'base', 'novel', 'HM'],
    rows: rows.map(({ entry, base, novel, hm }) => [
      entry.title,
      ...[base, novel, hm].map((summary) => formatInterval(summary)),
    ]),
  }
}

/** All figures as a Markdown document: a table, its legend, and what failed. */
export function markdown(title: string, comparison: Comparison): string {
  const { head, rows } = figureTable(comparison)
  const intervals = rowsOf(comparison).map(({ base, novel, hm }) => [base, novel, hm].map(formatInterval))
  const wide = rows.map((row, i) =>
    row.flatMap((cell, c) => (c in inner ? [cell, intervals[i]![inner[c]!]!] : [cell])),
  )
  const wideHead = head.flatMap((cell, c) => (c in inner ? [cell, '95 %'] : [cell]))
  const cells = (row: readonly string[]) => `| ${row.map(escapeCell).join(' | ')} |`
  const table = [
    cells(wideHead),
    cells(wideHead.map((_, i) => (i === 0 ? '---' : '---:'))),
    ...wide.map(cells),
  ]
  const failures = failureLines(comparison).map((line) => `- ${line}`)
  const parts = [`# ${title}`, table.join('\n'), legend.join('\n')]
  if (failures.length > 0) parts.push(`Failed:\n\n${failures.join('\n')}`)
  return `${parts.join('\n\n')}\n`
}

/** Columns of {@link figureTable} that have an interval, with their place among the three accuracies. */
const inner: Readonly<Record<number, number>> = { 1: 0, 2: 1, 3: 2 }

/** A line for each unit that failed, with its message and the next step. */
export function failureLines({ units }: Comparison): string[] {
  return units.flatMap(({ entry, spec, failure }) => {
    if (!failure) return []
    const { seed } = spec.settings
    const name = seed === null ? entry.title : `${entry.title}, seed ${seed}`
    return [failureLine(name, failure)]
  })
}

const accuracies = ({ base, novel, hm }: Row): string[] => [base, novel, hm].map(formatSummary)

const costs = ({ parameters, stepSeconds, peakMemoryMB }: Row): string[] => [
  `${parameters}`,
  stepSeconds === null ? '-' : formatSeconds(stepSeconds),
  peakMemoryMB.toFixed(0),
]

/** "74.5 ± 3.3", or the mean alone where there is no spread. */
function formatSummary(summary: Summary | null): string {
  if (!summary) return '-'
  return `${summary.mean.toFixed(1)}${summary.std === null ? '' : ` ± ${summary.std.toFixed(1)}`}`
}

/** "66.3 to 82.7". */
function formatInterval(summary: Summary | null): string {
  return summary?.interval ? summary.interval.map((value) => value.toFixed(1)).join(' to ') : '-'
}

const escapeCell = (text: string): string => text.replaceAll('|', '\\|')
