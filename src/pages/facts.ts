import { escapeHtml, type Section } from './page.js'
import type { ReportData } from './report-data.js'

/** Settings and environment as tables. */
export function factsSection(facts: ReportData['facts']): Section {
  const tables = Object.entries(facts).map(([title, values]) => {
    const rows = flat(values).map(
      ([key, value]) => `<tr><th scope="row">${escapeHtml(key)}</th><td>${escapeHtml(value)}</td></tr>`,
    )
    return `<div><h3>${escapeHtml(title)}</h3><table class="facts"><tbody>${rows.join('')}</tbody></table></div>`
  })
  return { id: 'configuration', title: 'Configuration', html: `<div class="halves">${tables.join('')}</div>` }
}

/** Nested values by dotted keys; lists on one line. */
function flat(value: unknown, prefix = ''): [key: string, value: string][] {
  if (Array.isArray(value)) return [[prefix, value.join(', ')]]
  if (typeof value !== 'object' || value === null) return [[prefix, String(value)]]
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, prefix ? `${prefix}.${key}` : key))
}
