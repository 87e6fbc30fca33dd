import { chart, loadPlot, palette } from './chart.js'
import { escapeHtml } from './escape-html.js'
import type { ReportData } from './report-data.js'

/** Base, novel and harmonic-mean accuracy of every method: a table and bars. */
export async function headlineSection({ rows, note }: NonNullable<ReportData['headline']>): Promise<string> {
  const best = Math.max(...rows.map(({ hm }) => hm))
  const cell = (value: number, std: number) =>
    `<td>${value.toFixed(1)} <small>± ${std.toFixed(1)}</small></td>`
  const lines = rows.map(
    ({ method, base, novel, hm, std }) =>
      `<tr${hm === best ? ' class="best"' : ''}><th scope="row">${escapeHtml(method)}</th>${cell(base, std.base)}${cell(novel, std.novel)}${cell(hm, std.hm)}</tr>`,
  )
  const { figure, legend } = await bars(rows)
  return `<section><h2>Base and novel classes</h2>
<table class="figures"><thead><tr><th scope="col">method</th><th scope="col">base</th><th scope="col">novel</th><th scope="col">harmonic mean</th></tr></thead><tbody>${lines.join('')}</tbody></table>
<p class="note">${escapeHtml(note)}</p><figure>${figure}</figure>${legend}</section>`
}

async function bars(rows: NonNullable<ReportData['headline']>['rows']) {
  const { barY, ruleY, text } = await loadPlot()
  const kinds = ['base', 'novel', 'harmonic mean']
  const data = rows.flatMap(({ method, base, novel, hm }) =>
    [base, novel, hm].map((value, i) => ({ method, kind: kinds[i]!, value })),
  )
  const figure = await chart(
    {
      width: 720,
      height: 300,
      marginTop: 30,
      x: { axis: null, domain: rows.map(({ method }) => method) },
      fx: { label: null, domain: kinds },
      y: { label: 'accuracy, %', domain: [0, 100], grid: true },
      color: { domain: rows.map(({ method }) => method), range: palette, legend: false },
      marks: [
        barY(data, { x: 'method', fx: 'kind', y: 'value', fill: 'method' }),
        text(data, {
          x: 'method',
          fx: 'kind',
          y: 'value',
          text: (d: { value: number }) => d.value.toFixed(1),
          dy: -7,
        }),
        ruleY([0]),
      ],
    },
    'accuracy of each method on base classes, novel classes and their harmonic mean',
  )
  const items = rows.map(
    ({ method }, i) =>
      `<li><span style="background:${palette[i % palette.length]}"></span>${escapeHtml(method)}</li>`,
  )
  return { figure, legend: `<ul class="legend">${items.join('')}</ul>` }
}
