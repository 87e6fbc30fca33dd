import { formatDifference, formatInterval, formatSigned, LACKS } from '../lab/results/formats/figures.js'
import type { SheetRow } from '../lab/results/layout.js'
import { differenceOf, type Figure, lacksDataset } from '../lab/results/result-table.js'
import { escapeHtml } from './page.js'

/** Rows of figures with a heading; `wide` ones scroll within their column. */
export interface ResultsTable {
  /** Read out, and shown above the table. */
  readonly caption: string
  readonly head: readonly string[]
  readonly rows: readonly SheetRow[]
}

/** A table of figures: mean, spread and interval, and what the paper prints beside them. The best measured ones are bold. */
export function resultsTable({ caption, head, rows }: ResultsTable): string {
  const best = head.map((_, c) =>
    bestOf(rows.map((row) => row.figures[c]).filter((_, r) => isMeasured(rows[r]!))),
  )
  const headings = head.map((title) => `<th scope="col" class="number">${escapeHtml(title)}</th>`)
  const lines = rows.map(({ row, figures, signed = false }) => {
    const cells = figures.map((figure, c) => {
      if (!figure) return '<td class="number">–</td>'
      const isBest = !signed && row.origin === 'measured' && figure.mean === best[c]
      return `<td class="number">${cell(figure, isBest, signed)}</td>`
    })
    const kind = row.origin === 'paper' ? ' class="printed"' : ''
    return `<tr${kind}><th scope="row">${escapeHtml(row.title)}</th>${cells.join('')}</tr>`
  })
  return `<div class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(caption)}"><table class="results"><caption>${escapeHtml(caption)}</caption><thead><tr><th scope="col">Method</th>${headings.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`
}

const isMeasured = ({ row }: SheetRow): boolean => row.origin === 'measured'

/** The highest of several means over the same; none where there is nothing to be better than. */
function bestOf(figures: readonly (Figure | undefined)[]): number | undefined {
  const whole = figures.filter((figure) => figure?.missing.every((lack) => !lacksDataset(lack)))
  const means = whole.flatMap((figure) => figure?.mean ?? [])
  return means.length > 1 ? Math.max(...means) : undefined
}

function cell(figure: Figure, isBest: boolean, signed: boolean): string {
  const { mean, std, missing } = figure
  const lacks = missing.length > 0 ? `<abbr title="something is missing, see below">${LACKS}</abbr>` : ''
  const shown = signed ? formatSigned(mean) : mean.toFixed(2)
  const value = `${isBest ? `<b>${shown}</b>` : shown}${lacks}`
  const spread = std === null ? '' : ` <small>± ${std.toFixed(2)}</small>`
  const interval = formatInterval(figure, signed)
  const below = [
    ...(interval === ''
      ? []
      : [`<small class="interval">${signed ? interval : interval.replace(' to ', '–')}</small>`]),
    ...difference(figure),
  ]
  return `${value}${spread}${below.join('')}`
}

function difference(figure: Figure): string[] {
  const value = differenceOf(figure)
  if (value === null) return []
  const text = formatDifference(figure)
  const kind = text === '0.00' ? '' : value < 0 ? ' below' : ' above'
  return [`<small class="difference${kind}">${text} to paper</small>`]
}
