import { datasetTitle } from '../results/dataset-names.js'
import type { Quantity } from '../results/paper/paper.js'
import { figureOf, type ResultRow, type ResultTable } from '../results/result-table.js'
import { chart, loadPlot } from './chart.js'
import { ink, paper } from './colours.js'

/** Height of a bar, and of the room between data sets, in pixels. */
const BAR = 11
const GAP = 12

/** Bars of every method by data set with their spread over seeds; what the paper prints as a ring on the bar. */
export async function datasetBars(
  { datasets, source, rows }: ResultTable,
  quantity: Quantity,
  title: string,
  colourOf: (row: ResultRow) => string,
): Promise<string> {
  const { barX, dot, ruleY } = await loadPlot()
  const measured = rows.filter(({ origin }) => origin === 'measured')
  const columns = [...(source === null ? [] : [source]), ...datasets]
  const data = columns.flatMap((dataset) =>
    measured.flatMap((row) => {
      const figure = figureOf(row, dataset, quantity)
      if (!figure) return []
      const { mean, std, paper } = figure
      return {
        dataset: datasetTitle(dataset),
        method: rowName(row),
        title: row.title,
        mean,
        low: Math.max(0, mean - (std ?? 0)),
        high: Math.min(100, mean + (std ?? 0)),
        printed: paper,
        colour: colourOf(row),
      }
    }),
  )
  const height = columns.length * (measured.length * BAR + GAP) + 34
  return chart(
    {
      width: 420,
      height,
      marginLeft: 104,
      marginRight: 12,
      marginTop: 4,
      marginBottom: 30,
      x: { domain: [0, 100], label: `${title}, %`, labelArrow: 'none', labelAnchor: 'center', grid: true },
      y: { axis: null, domain: measured.map(rowName), padding: 0.12 },
      fy: {
        domain: columns.map(datasetTitle),
        label: null,
        axis: 'left',
        padding: GAP / (measured.length * BAR + GAP),
      },
      marks: [
        barX(data, { x: 'mean', y: 'method', fy: 'dataset', fill: 'colour' }),
        ruleY(
          data.filter(({ low, high }) => high > low),
          { x1: 'low', x2: 'high', y: 'method', fy: 'dataset', stroke: ink, strokeWidth: 1.5 },
        ),
        dot(
          data.filter(({ printed }) => printed !== null),
          { x: 'printed', y: 'method', fy: 'dataset', fill: paper, stroke: ink, strokeWidth: 1.2, r: 3 },
        ),
      ],
    },
    `${title} by data set: ${columns
      .map((dataset) => {
        const values = measured.flatMap((row) => {
          const figure = figureOf(row, dataset, quantity)
          return figure ? [`${row.title} ${figure.mean.toFixed(1)} %`] : []
        })
        return `${datasetTitle(dataset)}: ${values.join(', ')}`
      })
      .join('; ')}`,
  )
}

/** A row's own name: titles alone may be those of several numbers of shots. */
const rowName = ({ method, shots }: ResultRow): string => `${method} ${shots}`
