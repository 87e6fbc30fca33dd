import { chart, loadPlot, paper } from './chart.js'
import type { Curve } from './report-data.js'

const HEIGHT = 210
const TOP = 12
const BOTTOM = 34
/** Height of an end label of two lines. */
const LABEL = 32

/** How lines are drawn. */
export interface LineChartOptions {
  readonly colourOf: (name: string) => string
  /** Whether the vertical axis begins at zero. */
  readonly fromZero: boolean
}

/** Curves over epochs: runs thin, their mean thick, labelled at its end with its name (if there are several) and value. */
export async function lineChart(
  title: string,
  curves: readonly Curve[],
  { colourOf, fromZero }: LineChartOptions,
): Promise<string> {
  const { axisX, dot, line, text } = await loadPlot()
  const runs = curves.flatMap(({ name, runs }, c) =>
    runs.length < 2 ? [] : runs.flatMap((values, r) => points(values, `${c} ${r}`, colourOf(name))),
  )
  const lines = curves.map((curve, c) => points(meanOverRuns(curve), `${c}`, colourOf(curve.name)))
  const means = lines.flat()
  const epochs = Math.max(...means.map(({ epoch }) => epoch))
  const domain = limits(
    [...means, ...runs].map(({ value }) => value),
    fromZero,
  )
  const ends = lines.flatMap((own, c) => {
    const end = own.at(-1)
    const name = curves.length > 1 ? `${endLabel(curves[c]!.name)}\n` : ''
    return end ? [{ ...end, text: `${name}${formatValue(end.value)}` }] : []
  })
  const height = Math.max(HEIGHT, ends.length * LABEL + TOP + BOTTOM)
  const labels = spread(ends, domain, height)
  const byRun = { x: 'epoch', y: 'value', z: 'run', stroke: 'colour' }
  return chart(
    {
      width: 320,
      height,
      marginTop: TOP,
      marginBottom: BOTTOM,
      marginLeft: 50,
      marginRight: curves.length > 1 ? 96 : 62,
      x: { domain: [1, Math.max(2, epochs)] },
      y: { label: null, domain, grid: true, ticks: 5, tickSize: 0, tickFormat: formatTick(domain) },
      marks: [
        axisX(epochTicks(epochs), { label: 'epoch', labelArrow: 'none', tickFormat: 'd', tickSize: 4 }),
        line(runs, { ...byRun, strokeWidth: 1, strokeOpacity: 0.4 }),
        line(means, { ...byRun, strokeWidth: 2 }),
        dot(ends, { x: 'epoch', y: 'value', fill: 'colour', r: 2.5 }),
        text(labels, {
          x: 'epoch',
          y: 'label',
          text: 'text',
          fill: 'colour',
          stroke: paper,
          textAnchor: 'start',
          fontWeight: 600,
          dx: 7,
        }),
      ],
    },
    `${title} over ${epochs === 1 ? 'one epoch' : `${epochs} epochs`}: ${ends.map(({ text }) => text.replace('\n', ' ')).join(', ')} at the end`,
  )
}

const points = (values: readonly number[], run: string, colour: string) =>
  values.map((value, i) => ({ run, colour, epoch: i + 1, value }))

/** Limits of the vertical axis with a little room around the values. */
function limits(values: readonly number[], fromZero: boolean): [number, number] {
  const high = Math.max(...values)
  const low = Math.min(...values, ...(fromZero ? [0] : []))
  // Values that are all but equal must not look far apart.
  const room = Math.max(0.06 * (high - low), fromZero ? 0 : 0.02 * Math.abs(high)) || 1
  return [fromZero && low === 0 ? 0 : low - room, high + room]
}

/** Moves end labels apart where they would lie on each other, keeping their order. */
function spread<T extends { value: number }>(
  ends: readonly T[],
  [low, high]: readonly [number, number],
  height: number,
) {
  const perPixel = (high - low) / (height - TOP - BOTTOM)
  const gap = LABEL * perPixel
  const falling = ends.map((end) => ({ ...end, label: end.value })).sort((a, b) => b.value - a.value)
  for (const [i, end] of falling.entries()) {
    const above = falling[i - 1]
    if (above) end.label = Math.min(end.label, above.label - gap)
  }
  // What was pushed off the lower end pushes the others up again.
  let floor = low
  for (const end of falling.toReversed()) {
    end.label = Math.max(end.label, floor)
    floor = end.label + gap
  }
  return falling
}

/** Whole epochs: the first, and multiples of a round step. */
function epochTicks(epochs: number): number[] {
  const step =
    [1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => epochs / size <= 6) ?? Math.ceil(epochs / 6)
  const multiples = Array.from({ length: Math.floor(epochs / step) }, (_, i) => (i + 1) * step)
  return step === 1 ? multiples : [1, ...multiples]
}

/** Small numbers such as learning rates with exponents: all their digits would not fit beside the axis. */
function formatTick([low, high]: readonly [number, number]): string | ((value: number) => string) {
  if (Math.max(Math.abs(low), Math.abs(high)) >= 0.01) return '~r'
  return (value) => (value === 0 ? '0' : value.toExponential().slice(0, 7))
}

/** A name as an end label: without its remark in parentheses, and cut where the margin ends. */
function endLabel(name: string): string {
  const short = name.replace(/ \(.*\)$/, '')
  return short.length > 13 ? `${short.slice(0, 12)}…` : short
}

/** Mean over runs for every epoch that some run has. */
export function meanOverRuns({ runs }: Curve): number[] {
  const epochs = Math.max(0, ...runs.map(({ length }) => length))
  return Array.from({ length: epochs }, (_, i) => {
    const values = runs.flatMap((run) => run[i] ?? [])
    return values.reduce((sum, value) => sum + value, 0) / values.length
  })
}

/** Three digits after the point for ordinary numbers, three digits for small ones, an exponent for very small ones. */
export function formatValue(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(1)
  return Math.abs(value) < 0.1 ? value.toPrecision(3) : value.toFixed(Math.abs(value) < 10 ? 3 : 1)
}
