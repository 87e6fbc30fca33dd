import { chart, ink, loadPlot, muted, paper } from './chart.js'
import type { Headline, HeadlineRow } from './report-data.js'

/** Height of a method's name and bar, in pixels, and the share of it that the name takes. */
const ROW = 46
const NAME = 21

/** One bar a method with its spread over seeds; the reference's value is drawn through all of them. */
export async function headlineBars(
  { rows, reference }: Headline,
  key: keyof HeadlineRow['std'],
  title: string,
  colours: ReadonlyMap<string, string>,
): Promise<string> {
  const { barX, ruleX, ruleY, text } = await loadPlot()
  const data = rows.flatMap((row) => {
    const value = row[key]
    if (value === null) return []
    return {
      method: row.method,
      value,
      low: Math.max(0, value - (row.std[key] ?? 0)),
      high: Math.min(100, value + (row.std[key] ?? 0)),
      colour: colours.get(row.method) ?? muted,
    }
  })
  const compared = data.filter(({ method }) => method === reference)
  const toBar = { dy: NAME / 2 }
  return chart(
    {
      width: 320,
      height: ROW * data.length + 6,
      marginTop: 0,
      marginBottom: 6,
      marginLeft: 1,
      marginRight: 48,
      x: { axis: null, domain: [0, 100] },
      y: { axis: null, domain: data.map(({ method }) => method), padding: 0.1 },
      marks: [
        text(data, {
          x: 0,
          y: 'method',
          text: 'method',
          textAnchor: 'start',
          textOverflow: 'ellipsis',
          lineWidth: 25,
          dy: -NAME / 2,
        }),
        barX(data, { x: 'value', y: 'method', fill: 'colour', insetTop: NAME }),
        ruleX(compared, { x: 'value', stroke: ink, strokeDasharray: '3 3' }),
        ruleY(
          data.filter(({ low, high }) => high > low),
          { x1: 'low', x2: 'high', y: 'method', stroke: ink, strokeWidth: 1.5, ...toBar },
        ),
        text(data, {
          x: 'high',
          y: 'method',
          text: ({ value }: { value: number }) => value.toFixed(1),
          textAnchor: 'start',
          dx: 6,
          fill: ink,
          stroke: paper,
          fontWeight: 600,
          ...toBar,
        }),
      ],
    },
    `${title}: ${data.map(({ method, value }) => `${method} ${value.toFixed(1)} %`).join(', ')}`,
  )
}
