import { formatValue, meanOverRuns } from './curve-values.js'
import { escapeHtml } from './escape-html.js'
import type { Curve } from './report-data.js'

/** The means of curves as a table, a row an epoch. */
export function curveTable(curves: readonly Curve[]): string {
  const columns = curves.map((curve) => ({ name: curve.name, means: meanOverRuns(curve) }))
  const epochs = Math.max(0, ...columns.map(({ means }) => means.length))
  const headings = columns.map(({ name }) => `<th scope="col" class="number">${escapeHtml(name)}</th>`)
  const rows = Array.from({ length: epochs }, (_, i) => {
    const cells = columns.map(
      ({ means }) => `<td class="number">${i < means.length ? formatValue(means[i]!) : ''}</td>`,
    )
    return `<tr><th scope="row">${i + 1}</th>${cells.join('')}</tr>`
  })
  return `<div class="scroll" tabindex="0" role="group" aria-label="All values by epoch"><table><thead><tr><th scope="col">Epoch</th>${headings.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}
