import { writeFileAtomic } from '../files/atomic.js'
import { curvesSection } from './curves.js'
import { escapeHtml } from './escape-html.js'
import { evaluationSection } from './evaluation.js'
import { headlineSection } from './headline.js'
import { page } from './page.js'
import type { ReportData } from './report-data.js'
import { samplesSection } from './samples.js'

/** A report as one HTML page that opens without a network. */
export async function renderReport(data: ReportData): Promise<string> {
  const { headline, samples, losses = [], accuracies = [], evaluation, facts } = data
  const sections: string[] = []
  if (headline) sections.push(await headlineSection(headline))
  if (samples && samples.items.length > 0) sections.push(await samplesSection(samples))
  if (losses.length > 0) sections.push(await curvesSection('Loss', 'mean over the epoch', losses))
  if (accuracies.length > 0)
    sections.push(await curvesSection('Accuracy while training', '% of augmented images', accuracies))
  if (evaluation) sections.push(await evaluationSection(evaluation))
  for (const [title, values] of Object.entries(facts)) sections.push(factsSection(title, values))
  return page(data.title, data.subtitle, sections)
}

/** Writes a report, atomically. Throws UserError when the file cannot be written. */
export async function writeReport(path: string, data: ReportData): Promise<void> {
  await writeFileAtomic(path, await renderReport(data))
}

function factsSection(title: string, values: Readonly<Record<string, unknown>>): string {
  const rows = Object.entries(values).map(([key, value]) => {
    const text = typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)
    return `<tr><th scope="row">${escapeHtml(key)}</th><td>${escapeHtml(text)}</td></tr>`
  })
  return `<section><h2>${escapeHtml(title)}</h2><table><tbody>${rows.join('')}</tbody></table></section>`
}
