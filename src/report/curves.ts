import { chart, loadPlot, palette } from './chart.js'
import { escapeHtml } from './escape-html.js'
import type { Curve } from './report-data.js'

/** Lines over epochs, labelled at their ends. */
export async function curvesSection(title: string, unit: string, curves: readonly Curve[]): Promise<string> {
  const { dot, line, ruleY, selectLast, text } = await loadPlot()
  const data = curves.flatMap(({ name, values }) => values.map((value, i) => ({ name, epoch: i + 1, value })))
  const epochs = Math.max(...curves.map(({ values }) => values.length))
  const names = [...new Set(curves.map(({ name }) => name))]
  const figure = await chart(
    {
      width: 720,
      height: 280,
      marginRight: 150,
      x: { label: 'epoch', domain: [1, Math.max(2, epochs)], ticks: Math.min(epochs, 10), tickFormat: 'd' },
      y: { label: unit, grid: true, zero: true, nice: true },
      color: { domain: names, range: palette },
      marks: [
        ruleY([0]),
        line(data, { x: 'epoch', y: 'value', stroke: 'name', strokeWidth: 2 }),
        dot(data, { x: 'epoch', y: 'value', fill: 'name', r: 2 }),
        text(
          data,
          selectLast({
            x: 'epoch',
            y: 'value',
            z: 'name',
            text: 'name',
            fill: 'name',
            textAnchor: 'start',
            dx: 8,
          }),
        ),
      ],
    },
    `${title}, ${unit}, by epoch`,
  )
  return `<section><h2>${escapeHtml(title)}</h2><figure>${figure}</figure></section>`
}
