import { escapeUTF8 } from 'entities'
import { printable } from '../lab/results/formats/printable.js'
import type { ReportData } from './report-data.js'
import { stylesheet } from './stylesheet.js'

/** A part of the page under a heading of its own. */
export interface Section {
  /** Anchor, unique on the page. */
  readonly id: string
  readonly title: string
  /** What follows the heading. */
  readonly html: string
}

/**
 * Text as HTML content or attribute value. Control characters and marks that turn the direction of what follows are shown by
 * their numbers: class names and paths are others' words.
 */
export const escapeHtml = (text: unknown): string =>
  escapeUTF8(printable(String(text), Number.POSITIVE_INFINITY))

/** Forbids scripts and every request, whatever a class may be called. */
const policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

/** A whole page around sections. It needs nothing but itself. */
export function page(
  { title, subtitle, date, notes = [] }: Pick<ReportData, 'title' | 'subtitle' | 'date' | 'notes'>,
  sections: readonly Section[],
): string {
  const links = sections.map(
    (section) => `<li><a href="#${section.id}">${escapeHtml(section.title)}</a></li>`,
  )
  const bodies = sections.map(
    (section) =>
      `<section id="${section.id}" aria-labelledby="${section.id}-title"><h2 id="${section.id}-title">${escapeHtml(section.title)}</h2>\n${section.html}</section>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title><link rel="icon" href="data:,"><style>${stylesheet}</style></head>
<body><main><header><h1>${escapeHtml(title)}</h1><p class="lead">${escapeHtml(subtitle)}</p>
<p class="date">Written by promptsrc on <time datetime="${escapeHtml(date)}">${escapeHtml(readable(date))}</time></p>
${notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join('\n')}
<nav aria-label="Sections"><ul>${links.join('')}</ul></nav></header>
${bodies.join('\n')}
</main></body></html>
`
}

function readable(date: string): string {
  const format = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })
  return `${format.format(new Date(date))} UTC`
}
