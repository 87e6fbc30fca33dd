import { chart, ink, loadPlot, muted, paper } from './chart.js'

/** Height of a bar, and of one with its name above it, in pixels; the share of the latter that the name takes. */
const BAR = 17
const NAMED_BAR = 46
const NAME = 21

/** A method's accuracy in percent. */
export interface AccuracyBar {
  readonly title: string
  readonly mean: number
  /** Standard deviation over seeds; null where there is none to speak of. */
  readonly std: number | null
  readonly colour: string
  /** What the paper prints for the same: a line across the bar. */
  readonly printed?: number | null
}

/** What {@link accuracyBars} shows beside the bars. */
export interface AccuracyBarsOptions {
  /** For readers who cannot see the chart. */
  readonly label: string
  /** Whether names stand above the bars; else their colours tell which is which. */
  readonly named?: boolean
  /** Title of the bar whose value is drawn through all of them. */
  readonly reference?: string | undefined
}

/** One bar a method from 0 to 100 % with its spread over seeds and its value. Undefined where there is no bar. */
export async function accuracyBars(
  bars: readonly AccuracyBar[],
  { label, named = false, reference }: AccuracyBarsOptions,
): Promise<string | undefined> {
  if (bars.length === 0) return undefined
  const { barX, ruleX, ruleY, text, tickX } = await loadPlot()
  const data = bars.map(({ std, printed = null, ...bar }, i) => ({
    ...bar,
    printed,
    // Titles alone may be those of several numbers of shots.
    row: `${i}`,
    low: Math.max(0, bar.mean - (std ?? 0)),
    high: Math.min(100, bar.mean + (std ?? 0)),
  }))
  type Bar = (typeof data)[number]
  const inset = named ? NAME : 0
  const toBar = { dy: inset / 2 }
  const printed = data.filter(({ printed }) => printed !== null)
  const across = { x: 'printed', y: 'row', insetTop: inset }
  return chart(
    {
      width: 320,
      height: (named ? NAMED_BAR : BAR) * data.length + 5,
      marginTop: 0,
      marginBottom: 5,
      marginLeft: 1,
      marginRight: 48,
      x: { axis: null, domain: [0, 100] },
      y: { axis: null, domain: data.map(({ row }) => row), padding: named ? 0.1 : 0.14 },
      marks: [
        ...(named
          ? [
              text(data, {
                x: 0,
                y: 'row',
                text: 'title',
                textAnchor: 'start',
                textOverflow: 'ellipsis',
                lineWidth: 25,
                dy: -NAME / 2,
              }),
            ]
          : [ruleX([0], { stroke: muted })]),
        barX(data, { x: 'mean', y: 'row', fill: 'colour', insetTop: inset }),
        ruleX(
          data.filter(({ title }) => title === reference),
          { x: 'mean', stroke: ink, strokeDasharray: '3 3' },
        ),
        tickX(printed, { ...across, stroke: paper, strokeWidth: 4 }),
        tickX(printed, { ...across, stroke: ink, strokeWidth: 1.5 }),
        ruleY(
          data.filter(({ low, high }) => high > low),
          { x1: 'low', x2: 'high', y: 'row', stroke: ink, strokeWidth: 1.5, ...toBar },
        ),
        text(data, {
          x: ({ high, printed }: Bar) => Math.max(high, printed ?? 0),
          y: 'row',
          text: ({ mean }: Bar) => mean.toFixed(1),
          textAnchor: 'start',
          dx: 6,
          fill: ink,
          stroke: paper,
          fontWeight: named ? 600 : 400,
          ...toBar,
        }),
      ],
    },
    `${label}: ${data.map(({ title, mean }) => `${title} ${mean.toFixed(1)} %`).join(', ')}`,
  )
}
