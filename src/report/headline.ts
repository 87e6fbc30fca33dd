import { escapeHtml } from './escape-html.js'
import { headlineBars } from './headline-bars.js'
import type { Section } from './page.js'
import type { Headline, HeadlineRow } from './report-data.js'

/** Column headings of the accuracies, in the order of the table and of the charts. */
export const headlineColumns = [
  ['base', 'Base classes'],
  ['novel', 'Novel classes'],
  ['hm', 'Harmonic mean'],
] as const satisfies readonly (readonly [keyof HeadlineRow['std'], string])[]

/** Base, novel and harmonic-mean accuracy of every method: a table, and bars beside the reference. */
export async function headlineSection(
  headline: Headline,
  colours: ReadonlyMap<string, string>,
): Promise<Section> {
  const bars = await Promise.all(
    headlineColumns.map(async ([key, title]) => {
      const svg = await headlineBars(headline, key, title, colours)
      return `<figure><figcaption><h3>${title}</h3></figcaption>${svg}</figure>`
    }),
  )
  return {
    id: 'comparison',
    title: 'Base and novel classes',
    html: `<p class="note">${escapeHtml(headline.note)}</p>${table(headline.rows)}<div class="grid">${bars.join('')}</div>${key(headline)}`,
  }
}

/** What the marks of the charts mean. */
function key({ reference, rows }: Headline): string {
  const spread = rows.some(({ std }) => std.base > 0 || std.novel > 0)
    ? ['whiskers: ± one standard deviation']
    : []
  const line = reference === undefined ? [] : [`dashed line: ${escapeHtml(reference)}`]
  const parts = [...line, ...spread].join('; ')
  return parts && `<p class="note">Accuracy in percent, from 0 to 100; ${parts}.</p>`
}

function table(rows: readonly HeadlineRow[]): string {
  const best = new Map(headlineColumns.map(([key]) => [key, Math.max(...rows.map((row) => row[key]))]))
  const headings = headlineColumns.map(([, title]) => `<th scope="col" class="number">${title}</th>`)
  const lines = rows.map((row) => {
    const cells = headlineColumns.map(([key]) => {
      const value = row[key].toFixed(1)
      const shown = row[key] === best.get(key) ? `<b>${value}</b>` : value
      return `<td class="number">${shown} <small>± ${row.std[key].toFixed(1)}</small></td>`
    })
    return `<tr><th scope="row">${escapeHtml(row.method)}</th>${cells.join('')}</tr>`
  })
  return `<table class="headline"><thead><tr><th scope="col">Method</th>${headings.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table>`
}
