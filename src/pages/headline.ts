import { formatSeconds, formatSigned } from '../lab/results/formats/figures.js'
import { accuracyBars } from './accuracy-bars.js'
import { baseNovelPlane } from './base-novel-plane.js'
import { muted } from './chart.js'
import { type DifferenceBar, differenceChart, differenceDomain } from './difference-chart.js'
import { escapeHtml, type Section } from './page.js'
import type { Differences, Headline, HeadlineRow } from './report-data.js'

/** Column headings of the accuracies, in the order of the table and of the charts. */
const headlineColumns = [
  ['base', 'Base classes'],
  ['novel', 'Novel classes'],
  ['hm', 'Harmonic mean'],
] as const satisfies readonly (readonly [keyof HeadlineRow['std'], string])[]

/** Base, novel and harmonic-mean accuracy of every method: a table, bars beside the reference, the plane, and costs. */
export async function headlineSection(
  headline: Headline,
  colours: ReadonlyMap<string, string>,
): Promise<Section> {
  const { note, rows, reference } = headline
  const shown = headlineColumns.filter(([key]) => rows.some((row) => row[key] !== null))
  const bars = await Promise.all(
    shown.map(async ([key, title]) => {
      const values = rows.flatMap((row) => {
        const mean = row[key]
        const colour = colours.get(row.method) ?? muted
        return mean === null ? [] : [{ title: row.method, mean, std: row.std[key], colour }]
      })
      const svg = await accuracyBars(values, { label: title, named: true, reference })
      return `<figure><figcaption><h3>${title}</h3></figcaption>${svg}</figure>`
    }),
  )
  return {
    id: 'comparison',
    title: 'Base and novel classes',
    html: `<p class="note">${escapeHtml(note)}</p>${table(rows)}<div class="grid">${bars.join('')}</div>${key(headline)}${await details(headline, colours)}${headline.differences ? await paired(headline.differences, colours) : ''}`,
  }
}

/** What the marks of the charts mean. */
function key({ reference, rows }: Headline): string {
  const whiskers = rows.some(({ std }) => std.base || std.novel) ? ['whiskers: ± one standard deviation'] : []
  const line = reference === undefined ? [] : [`dashed line: ${escapeHtml(reference)}`]
  const parts = [...line, ...whiskers].join('; ')
  return parts && `<p class="note">Accuracy in percent, from 0 to 100; ${parts}.</p>`
}

function table(rows: readonly HeadlineRow[]): string {
  const best = new Map(headlineColumns.map(([key]) => [key, Math.max(...rows.map((row) => row[key] ?? 0))]))
  const headings = headlineColumns.map(([, title]) => `<th scope="col" class="number">${title}</th>`)
  const lines = rows.map((row) => {
    const cells = headlineColumns.map(([key]) => {
      const mean = row[key]
      if (mean === null) return '<td class="number">–</td>'
      const value = mean.toFixed(1)
      const shown = mean === best.get(key) ? `<b>${value}</b>` : value
      return `<td class="number">${shown}${spread(row, key)}</td>`
    })
    return `<tr><th scope="row">${escapeHtml(row.method)}</th>${cells.join('')}</tr>`
  })
  return `<table class="headline"><thead><tr><th scope="col">Method</th>${headings.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table>`
}

/** Standard deviation and, where it is known, the interval. */
function spread({ std, intervals }: HeadlineRow, key: keyof HeadlineRow['std']): string {
  const deviation = std[key]
  if (deviation === null) return ''
  const limits = intervals?.[key]
  const interval = limits ? `<br>[${limits.map((value) => value.toFixed(1)).join(', ')}]` : ''
  return ` <small>± ${deviation.toFixed(1)}${interval}</small>`
}

/** What one method is beyond the others: a table, and the pairs about zero. */
async function paired(
  { minuend, rows, note }: Differences,
  colours: ReadonlyMap<string, string>,
): Promise<string> {
  const columns = headlineColumns.map(([key, title]) => ({
    title,
    bars: rows.flatMap((row): DifferenceBar[] => {
      const difference = row[key]
      return difference ? [{ title: row.other, ...difference, colour: colours.get(row.other) ?? muted }] : []
    }),
  }))
  const domain = differenceDomain(columns.flatMap(({ bars }) => bars))
  const charts = await Promise.all(
    columns.map(async ({ title, bars }) => {
      const svg = await differenceChart(bars, { label: `${minuend} minus others, ${title}`, domain })
      return svg ? `<figure><figcaption><h3>${title}</h3></figcaption>${svg}</figure>` : ''
    }),
  )
  const head = [...headlineColumns.map(([, title]) => title), 'Pairs']
  const headings = head.map((title) => `<th scope="col" class="number">${title}</th>`)
  const lines = rows.map((row) => {
    const cells = headlineColumns.map(([key]) => {
      const difference = row[key]
      if (!difference) return '<td class="number">–</td>'
      const { mean, interval } = difference
      const limits = interval
        ? `<br><small>[${interval.map((value) => formatSigned(value, 1)).join(', ')}]</small>`
        : ''
      return `<td class="number"><b>${formatSigned(mean, 1)}</b>${limits}</td>`
    })
    return `<tr><th scope="row">${escapeHtml(row.other)}</th>${cells.join('')}<td class="number">${row.base.values.length}</td></tr>`
  })
  return `<h3>${escapeHtml(minuend)} minus the others, pair by pair</h3><p class="note">${escapeHtml(note)} Large dots: means with their intervals. Small dots: pairs. Right of zero ${escapeHtml(minuend)} is better.</p><table class="headline"><thead><tr><th scope="col">${escapeHtml(minuend)} minus</th>${headings.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table><div class="grid">${charts.join('')}</div>`
}

/** The plane of base and novel accuracy, and what the methods cost, where they are known. */
async function details(headline: Headline, colours: ReadonlyMap<string, string>): Promise<string> {
  const { rows } = headline
  const plane = rows.some(({ runs, novel }) => runs && novel !== null)
    ? `<figure class="plane"><figcaption><h3>Base and novel together</h3></figcaption>${await baseNovelPlane(headline, colours)}<p class="note">Large dots: means. Small dots: single runs. Dotted curves: equal harmonic mean. Up and to the right is better.</p></figure>`
    : ''
  const costs = rows.some(({ costs }) => costs) ? costTable(rows) : ''
  return plane || costs ? `<div class="halves">${plane}${costs}</div>` : ''
}

function costTable(rows: readonly HeadlineRow[]): string {
  const lines = rows.flatMap(({ method, costs }) => {
    if (!costs) return []
    const { parameters, stepSeconds, peakMemoryMB } = costs
    const values = [
      parameters.toLocaleString('en'),
      stepSeconds === null ? '–' : formatSeconds(stepSeconds),
      peakMemoryMB.toFixed(0),
    ]
    const cells = values.map((value) => `<td class="number">${value}</td>`)
    return [`<tr><th scope="row">${escapeHtml(method)}</th>${cells.join('')}</tr>`]
  })
  const headings = ['Learned values', 'Seconds a step', 'Peak memory, MB'].map(
    (title) => `<th scope="col" class="number">${title}</th>`,
  )
  return `<div><h3>Costs</h3><table class="headline costs"><thead><tr><th scope="col">Method</th>${headings.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table></div>`
}
