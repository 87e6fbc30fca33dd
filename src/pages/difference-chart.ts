import { formatSigned } from '../lab/results/formats/figures.js'
import { chart, ink, loadPlot, muted, paper } from './chart.js'

const ROW = 46
const NAME = 21
const AXIS = 34

/** A method's accuracy beyond another's, in points of percent. */
export interface DifferenceBar {
  /** The other method. */
  readonly title: string
  readonly mean: number
  /** 95 % confidence interval of the mean. */
  readonly interval: readonly [low: number, high: number] | null
  /** Of every pair. */
  readonly values: readonly number[]
  readonly colour: string
}

/** Limits around all values and zero, to be shared by charts that stand beside each other. */
export function differenceDomain(bars: readonly DifferenceBar[]): [number, number] {
  const all = [0, ...bars.flatMap(({ interval, values }) => [...(interval ?? []), ...values])]
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const room = Math.max(1, 0.06 * (high - low))
  return [low - room, high + room]
}

/** Means with their intervals about a line at zero, and every pair as a small dot. Undefined where there is nothing. */
export async function differenceChart(
  bars: readonly DifferenceBar[],
  { label, domain }: { readonly label: string; readonly domain: readonly [number, number] },
): Promise<string | undefined> {
  if (bars.length === 0) return undefined
  const { dot, ruleX, ruleY, text } = await loadPlot()
  const rows = bars.map((bar, i) => ({
    ...bar,
    row: `${i}`,
    low: bar.interval?.[0] ?? bar.mean,
    high: bar.interval?.[1] ?? bar.mean,
  }))
  const pairs = rows.flatMap(({ row, values, colour }) => values.map((value) => ({ row, value, colour })))
  const below = { dy: NAME / 2 }
  return chart(
    {
      width: 320,
      height: ROW * rows.length + AXIS,
      marginTop: 0,
      marginBottom: AXIS,
      marginLeft: 12,
      marginRight: 12,
      x: {
        domain,
        ticks: 5,
        grid: true,
        label: 'points of percent',
        labelArrow: 'none',
        labelAnchor: 'center',
      },
      y: { axis: null, domain: rows.map(({ row }) => row), padding: 0.5 },
      marks: [
        ruleX([0], { stroke: ink }),
        text(rows, {
          frameAnchor: 'left',
          y: 'row',
          text: ({ title, mean }: DifferenceBar) => `${title}  ${formatSigned(mean, 1)}`,
          textAnchor: 'start',
          dy: -NAME / 2,
          fill: ink,
          stroke: paper,
          strokeWidth: 4,
        }),
        dot(pairs, { x: 'value', y: 'row', fill: muted, fillOpacity: 0.55, r: 2.2, ...below }),
        ruleY(rows, { x1: 'low', x2: 'high', y: 'row', stroke: 'colour', strokeWidth: 2.5, ...below }),
        dot(rows, { x: 'mean', y: 'row', fill: 'colour', r: 5, ...below }),
      ],
    },
    `${label}: ${rows.map(({ title, mean, low, high }) => `${title} ${formatSigned(mean, 1)} (95 %: ${formatSigned(low, 1)} to ${formatSigned(high, 1)})`).join(', ')}`,
  )
}
