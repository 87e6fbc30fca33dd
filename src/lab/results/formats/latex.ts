import { legendOf, type Sheet, type SheetRow } from '../layout.js'
import type { Figure } from '../result-table.js'
import { formatDifference } from './figures.js'

/**
 * Tables for LaTeX with the package `booktabs`, a `table*` each: means with their standard deviation, the paper's rows
 * in italics and the differences to them below the measured ones. Intervals are left out, as in papers.
 */
export function latexOf(sheets: readonly Sheet[]): string {
  const head = ['% Needs \\usepackage{booktabs}.', ...legendOf(sheets).map((line) => `% ${line}`)]
  return `${[head.join('\n'), ...sheets.map(tableOf)].join('\n\n')}\n`
}

function tableOf({ title, head, groups, notes }: Sheet): string {
  const columns = head.length + 1
  const line = (cells: readonly string[]) => `${cells.join(' & ')} \\\\`
  const body = groups.map(({ title, rows }) =>
    [
      ...(title === null ? [] : [`\\multicolumn{${columns}}{l}{\\textbf{${escapeLatex(title)}}} \\\\`]),
      ...rows.flatMap((row) => linesOf(row).map(line)),
    ].join('\n'),
  )
  return [
    '\\begin{table*}[t]',
    '\\centering',
    `\\caption{${escapeLatex([`${title}.`, ...notes].join(' '))}}`,
    `\\begin{tabular}{l${'r'.repeat(head.length)}}`,
    '\\toprule',
    line(['Method', ...head.map(escapeLatex)]),
    '\\midrule',
    body.join('\n\\midrule\n'),
    '\\bottomrule',
    '\\end{tabular}',
    '\\end{table*}',
  ].join('\n')
}

function linesOf({ row, figures }: SheetRow): string[][] {
  const differences = figures.map((figure) => math(formatDifference(figure).replace('−', '-')))
  const title = escapeLatex(row.title)
  const isPaper = row.origin === 'paper'
  return [
    [isPaper ? `\\textit{${title}}` : title, ...figures.map(meanOf)],
    ...(differences.some((cell) => cell !== '') ? [['\\quad $-$ paper', ...differences]] : []),
  ]
}

function meanOf(figure: Figure | undefined): string {
  if (!figure) return ''
  const { mean, std, missing } = figure
  const spread = std === null ? '' : ` \\pm ${std.toFixed(2)}`
  return `$${mean.toFixed(2)}${spread}$${missing.length > 0 ? '\\dag' : ''}`
}

const math = (text: string): string => (text === '' ? '' : `$${text}$`)

const special: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '†': '\\dag{}',
  '±': '$\\pm$',
  '−': '$-$',
  '’': "'",
}

/** Text as LaTeX prints it, whatever a method or data set is called. */
const escapeLatex = (text: string): string =>
  text.replaceAll(/[\\{}$&#%_~^†±−’]/g, (char) => special[char]!).replaceAll(/\s+/g, ' ')
