import { datasetTitle } from '../core/data/dataset-names.js'
import type { Quantity } from '../lab/results/observation.js'
import { figureOf, type ResultRow } from '../lab/results/result-table.js'
import { chart, ink, loadPlot, muted, paper } from './chart.js'

/** Height of a bar, in pixels. */
const BAR = 17

/**
 * A bar for every method on one data set, with its spread over seeds; what the paper prints for the same as a line across
 * the bar. Undefined where nothing was measured.
 */
export async function datasetBars(
  rows: readonly ResultRow[],
  dataset: string,
  quantity: Quantity,
  colourOf: (row: ResultRow) => string,
): Promise<string | undefined> {
  const { barX, ruleX, ruleY, text, tickX } = await loadPlot()
  const data = rows.flatMap((row, i) => {
    const figure = row.origin === 'measured' ? figureOf(row, dataset, quantity) : undefined
    if (!figure) return []
    const { mean, std, paper } = figure
    return {
      // Titles alone may be those of several numbers of shots.
      row: `${i}`,
      title: row.title,
      mean,
      low: Math.max(0, mean - (std ?? 0)),
      high: Math.min(100, mean + (std ?? 0)),
      printed: paper,
      colour: colourOf(row),
    }
  })
  if (data.length === 0) return undefined
  return chart(
    {
      width: 320,
      height: BAR * data.length + 4,
      marginTop: 0,
      marginBottom: 4,
      marginLeft: 1,
      marginRight: 46,
      x: { axis: null, domain: [0, 100] },
      y: { axis: null, domain: data.map(({ row }) => row), padding: 0.14 },
      marks: [
        ruleX([0], { stroke: muted }),
        barX(data, { x: 'mean', y: 'row', fill: 'colour' }),
        tickX(
          data.filter(({ printed }) => printed !== null),
          { x: 'printed', y: 'row', stroke: paper, strokeWidth: 4 },
        ),
        tickX(
          data.filter(({ printed }) => printed !== null),
          { x: 'printed', y: 'row', stroke: ink, strokeWidth: 1.5 },
        ),
        ruleY(
          data.filter(({ low, high }) => high > low),
          { x1: 'low', x2: 'high', y: 'row', stroke: ink, strokeWidth: 1.5 },
        ),
        text(data, {
          x: ({ high, printed }: (typeof data)[number]) => Math.max(high, printed ?? 0),
          y: 'row',
          text: ({ mean }: (typeof data)[number]) => mean.toFixed(1),
          textAnchor: 'start',
          dx: 6,
          fill: ink,
        }),
      ],
    },
    `${datasetTitle(dataset)}: ${data.map(({ title, mean }) => `${title} ${mean.toFixed(1)} %`).join(', ')}`,
  )
}
