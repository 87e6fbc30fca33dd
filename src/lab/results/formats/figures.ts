import type { SheetRow } from '../layout.js'
import { differenceOf, type Figure } from '../result-table.js'

/** Mark of a figure that lacks seeds or data sets. */
export const LACKS = '†'

/** "84.21 ± 0.12", marked where something is missing; an empty text for none. */
function formatMean(figure: Figure | undefined): string {
  if (!figure) return ''
  const spread = figure.std === null ? '' : ` ± ${figure.std.toFixed(2)}`
  return `${figure.mean.toFixed(2)}${spread}${figure.missing.length > 0 ? LACKS : ''}`
}

/** "84.01 to 84.41". */
export const formatInterval = (figure: Figure | undefined): string =>
  figure?.interval ? figure.interval.map((value) => value.toFixed(2)).join(' to ') : ''

/** "+0.35", with a true minus sign, to the paper's figure of the same. */
export function formatDifference(figure: Figure | undefined): string {
  const difference = figure ? differenceOf(figure) : null
  if (difference === null) return ''
  const text = Math.abs(difference).toFixed(2)
  return text === '0.00' ? text : `${difference < 0 ? '−' : '+'}${text}`
}

/** A duration in seconds with two digits, or whole seconds from 10 on. */
export const formatSeconds = (seconds: number): string =>
  seconds >= 10 ? seconds.toFixed(0) : seconds.toPrecision(2)

/** Lines of a row: its figures, and where there are any, their intervals and what they differ from the paper by. */
export function linesOf({
  row,
  figures,
}: SheetRow): readonly (readonly [label: string, ...cells: string[]])[] {
  const seeds = row.origin === 'measured' && row.seeds.length > 0 ? `${row.seeds.length}` : ''
  const further = [
    ['  95 %', figures.map(formatInterval)],
    ['  − paper', figures.map(formatDifference)],
  ] as const
  return [
    [row.title, ...figures.map(formatMean), seeds],
    ...further.flatMap(([label, cells]) =>
      cells.some((cell) => cell !== '') ? [[label, ...cells, ''] as const] : [],
    ),
  ]
}
