import type { SheetRow } from '../layout.js'
import { differenceOf, type Figure } from '../result-table.js'

/** Mark of a figure that lacks seeds or data sets. */
export const LACKS = '†'

/** "84.21 ± 0.12", of a difference "+1.21 ± 0.12", marked where something is missing; an empty text for none. */
function formatMean(figure: Figure | undefined, signed: boolean): string {
  if (!figure) return ''
  const spread = figure.std === null ? '' : ` ± ${figure.std.toFixed(2)}`
  return `${signed ? formatSigned(figure.mean) : figure.mean.toFixed(2)}${spread}${figure.missing.length > 0 ? LACKS : ''}`
}

/** "84.01 to 84.41", of a difference "−0.31 to +1.02". */
export const formatInterval = (figure: Figure | undefined, signed = false): string =>
  figure?.interval
    ? figure.interval.map((value) => (signed ? formatSigned(value) : value.toFixed(2))).join(' to ')
    : ''

/** "+0.35", with a true minus sign; nothing before a zero. */
export function formatSigned(value: number, digits = 2): string {
  const text = Math.abs(value).toFixed(digits)
  return Number(text) === 0 ? text : `${value < 0 ? '−' : '+'}${text}`
}

/** "+0.35", with a true minus sign, to the paper's figure of the same. */
export function formatDifference(figure: Figure | undefined): string {
  const difference = figure ? differenceOf(figure) : null
  return difference === null ? '' : formatSigned(difference)
}

/** A duration in seconds with two digits, or whole seconds from 10 on. */
export const formatSeconds = (seconds: number): string =>
  seconds >= 10 ? seconds.toFixed(0) : seconds.toPrecision(2)

/** Lines of a row: its figures, and where there are any, their intervals and what they differ from the paper by. */
export function linesOf({
  row,
  figures,
  signed = false,
}: SheetRow): readonly (readonly [label: string, ...cells: string[]])[] {
  const count = row.draws.length || row.seeds.length
  const counted = row.origin === 'measured' && count > 0 ? `${count}` : ''
  const further = [
    ['  95 %', figures.map((figure) => formatInterval(figure, signed))],
    ['  − paper', figures.map(formatDifference)],
  ] as const
  return [
    [row.title, ...figures.map((figure) => formatMean(figure, signed)), counted],
    ...further.flatMap(([label, cells]) =>
      cells.some((cell) => cell !== '') ? [[label, ...cells, ''] as const] : [],
    ),
  ]
}
