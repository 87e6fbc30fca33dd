import { chart, ink, loadPlot, muted, paper } from './chart.js'
import type { Headline } from './report-data.js'

const HEIGHT = 300
const TOP = 12
const BOTTOM = 40
/** Height of a label beside the plane. */
const LABEL = 17
/** Letters of a label. */
const LETTERS = 22
/** Points of a curve of equal harmonic mean. */
const POINTS = 40

type Domain = readonly [low: number, high: number]

/**
 * Methods in the plane of base and novel accuracy: means as large dots, single runs as small ones, and curves of equal
 * harmonic mean behind them. Up and to the right is better.
 */
export async function baseNovelPlane(
  { rows, reference, printed = [] }: Headline,
  colours: ReadonlyMap<string, string>,
): Promise<string> {
  const { dot, line, link, text } = await loadPlot()
  const means = rows.flatMap(({ method, base, novel }) =>
    novel === null ? [] : [{ method, base, novel, colour: colours.get(method) ?? muted }],
  )
  const runs = rows.flatMap(({ method, runs = [] }) =>
    runs.length < 2 ? [] : runs.map((run) => ({ ...run, colour: colours.get(method) ?? muted })),
  )
  const x = domainOf([...means, ...runs].map(({ base }) => base))
  const y = domainOf([...means, ...runs].map(({ novel }) => novel))
  const height = Math.max(HEIGHT, means.length * LABEL + TOP + BOTTOM)
  const isPrinted = (name: string) => printed.some(({ method }) => method === name)
  const named = means.filter(({ method }) =>
    printed.every((other) => other.labelled || other.method !== method),
  )
  const labels = labelled(named, y, height).map((label) => ({ ...label, edge: x[1] }))
  return chart(
    {
      width: 420,
      height,
      marginTop: TOP,
      marginBottom: BOTTOM,
      marginLeft: 44,
      marginRight: 156,
      x: {
        label: 'base classes, %',
        labelArrow: 'none',
        labelAnchor: 'center',
        domain: x,
        ticks: 5,
        grid: true,
      },
      y: { label: null, domain: y, ticks: 5, grid: true, tickSize: 0 },
      marks: [
        line(equalHarmonicMeans(x, y), {
          x: 'base',
          y: 'novel',
          z: 'hm',
          stroke: muted,
          strokeOpacity: 0.5,
          strokeDasharray: '2 3',
        }),
        link(labels, {
          x1: 'base',
          y1: 'novel',
          x2: 'edge',
          y2: 'label',
          stroke: 'colour',
          strokeOpacity: 0.5,
        }),
        dot(runs, { x: 'base', y: 'novel', fill: 'colour', fillOpacity: 0.5, r: 2.5 }),
        dot(
          means.filter(({ method }) => !isPrinted(method)),
          {
            x: 'base',
            y: 'novel',
            fill: ({ method, colour }: (typeof means)[number]) => (method === reference ? paper : colour),
            stroke: ({ method, colour }: (typeof means)[number]) => (method === reference ? ink : colour),
            r: 5,
          },
        ),
        dot(
          means.filter(({ method }) => isPrinted(method)),
          { x: 'base', y: 'novel', stroke: 'colour', strokeWidth: 1.6, r: 7.5 },
        ),
        text(labels, { x: 'edge', y: 'label', text: 'name', fill: ink, textAnchor: 'start', dx: 6 }),
      ],
    },
    `Novel over base accuracy: ${means.map(({ method, base, novel }) => `${method} ${base.toFixed(1)} % base, ${novel.toFixed(1)} % novel`).join('; ')}`,
  )
}

/** Limits around the values with a little room. */
function domainOf(values: readonly number[]): Domain {
  const low = Math.min(...values)
  const high = Math.max(...values)
  const room = Math.max(1, 0.08 * (high - low))
  return [Math.max(0, low - room), Math.min(100, high + room)]
}

/** The means with the heights of their labels: in the order of novel accuracy, apart, inside the plane. */
function labelled<T extends { method: string; novel: number }>(
  means: readonly T[],
  y: Domain,
  height: number,
) {
  const gap = (LABEL * (y[1] - y[0])) / (height - TOP - BOTTOM)
  const falling = means
    .map((mean) => ({ ...mean, name: labelOf(mean.method), label: mean.novel }))
    .sort((a, b) => b.novel - a.novel)
  for (const [i, mean] of falling.entries()) {
    const above = falling[i - 1]
    if (above) mean.label = Math.min(mean.label, above.label - gap)
  }
  let floor = y[0]
  for (const mean of falling.toReversed()) {
    mean.label = Math.max(mean.label, floor)
    floor = mean.label + gap
  }
  return falling
}

/** Curves base * novel * 2 / (base + novel) = constant that cross the plane, at round values. */
function equalHarmonicMeans(x: Domain, y: Domain): { hm: number; base: number; novel: number }[] {
  const harmonic = (a: number, b: number) => (2 * a * b) / (a + b || 1)
  const low = harmonic(x[0], y[0])
  const high = harmonic(x[1], y[1])
  const step = [1, 2, 5, 10, 20].find((size) => (high - low) / size <= 6) ?? 50
  const first = Math.ceil(low / step)
  const values = Array.from(
    { length: Math.max(0, Math.floor(high / step) - first + 1) },
    (_, i) => (first + i) * step,
  )
  return values.flatMap((hm) =>
    Array.from({ length: POINTS + 1 }, (_, i) => {
      const base = x[0] + ((x[1] - x[0]) * i) / POINTS
      return { hm, base, novel: (hm * base) / (2 * base - hm) }
    }).filter(({ base, novel }) => 2 * base > hm && novel >= y[0] && novel <= y[1]),
  )
}

/** A name without its remark in parentheses, cut where the margin ends. */
function labelOf(name: string): string {
  const short = name.replace(/ \(.*\)$/, '')
  return short.length > LETTERS ? `${short.slice(0, LETTERS - 1)}…` : short
}
