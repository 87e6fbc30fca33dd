import { plainMethod } from '../lab/results/method-names.js'
import { figureOf, lacksDataset, type ResultRow } from '../lab/results/result-table.js'
import { chart, loadPlot, muted } from './chart.js'

const HEIGHT = 220

/** A method's accuracies by shots. */
interface FewShotCurve {
  readonly name: string
  readonly printed: boolean
  readonly colour: string
  readonly points: readonly {
    readonly shots: number
    readonly mean: number
    readonly low: number
    readonly high: number
  }[]
}

/**
 * Accuracy over the number of shots on one data set, or averaged: means as lines with a band of one standard deviation,
 * what the paper prints as dashed lines, what needs no training as a level line. Undefined where there is nothing.
 */
export async function fewShotChart(
  rows: readonly ResultRow[],
  dataset: string | null,
  title: string,
  colourOf: (row: ResultRow) => string,
): Promise<string | undefined> {
  const { areaY, dot, line, ruleX, ruleY } = await loadPlot()
  const curves = curvesOf(rows, dataset, colourOf)
  const levels = rows.flatMap((row) => {
    const figure = row.shots === null ? figureOf(row, dataset, 'accuracy') : undefined
    return figure ? [{ value: figure.mean, title: row.title }] : []
  })
  const points = curves.flatMap(({ points, ...curve }, c) =>
    points.map((point) => ({ ...curve, ...point, c })),
  )
  if (points.length === 0) return undefined
  const measured = points.filter(({ printed }) => !printed)
  const shots = [...new Set(points.map((point) => point.shots))].sort((a, b) => a - b)
  const values = [...points.flatMap(({ low, high }) => [low, high]), ...levels.map(({ value }) => value)]
  const room = Math.max(1, 0.06 * (Math.max(...values) - Math.min(...values)))
  const by = { x: 'shots', z: 'c' } as const
  return chart(
    {
      width: 320,
      height: HEIGHT,
      marginTop: 10,
      marginBottom: 36,
      marginLeft: 40,
      marginRight: 14,
      x: {
        type: 'log',
        base: 2,
        domain: [shots[0]!, Math.max(shots.at(-1)!, 2 * shots[0]!)],
        ticks: shots,
        tickFormat: 'd',
        label: 'shots',
        labelArrow: 'none',
        labelAnchor: 'center',
      },
      y: {
        label: null,
        domain: [Math.max(0, Math.min(...values) - room), Math.min(100, Math.max(...values) + room)],
        ticks: 5,
        grid: true,
        tickSize: 0,
      },
      marks: [
        ruleY(levels, { y: 'value', stroke: muted, strokeWidth: 1.5 }),
        areaY(measured, { ...by, y1: 'low', y2: 'high', fill: 'colour', fillOpacity: 0.16 }),
        ruleX(
          measured.filter(({ low, high }) => high > low),
          { x: 'shots', y1: 'low', y2: 'high', stroke: 'colour', strokeOpacity: 0.7 },
        ),
        line(
          points.filter(({ printed }) => printed),
          {
            ...by,
            y: 'mean',
            stroke: 'colour',
            strokeWidth: 1.2,
            strokeDasharray: '4 3',
            strokeOpacity: 0.9,
          },
        ),
        line(measured, { ...by, y: 'mean', stroke: 'colour', strokeWidth: 2 }),
        dot(measured, { x: 'shots', y: 'mean', fill: 'colour', r: 2.8 }),
      ],
    },
    `${title}, accuracy over shots: ${curves
      .map(
        ({ name, points }) =>
          `${name} ${points.map(({ shots, mean }) => `${mean.toFixed(1)} % with ${shots}`).join(', ')}`,
      )
      .concat(levels.map((level) => `${level.title} ${level.value.toFixed(1)} %`))
      .join('; ')}`,
  )
}

function curvesOf(
  rows: readonly ResultRow[],
  dataset: string | null,
  colourOf: (row: ResultRow) => string,
): FewShotCurve[] {
  const curves = new Map<string, FewShotCurve>()
  for (const row of rows) {
    const figure = row.shots === null ? undefined : figureOf(row, dataset, 'accuracy')
    if (!figure) continue
    const { mean, std, missing } = figure
    // An average of fewer data sets would bend the curve.
    if (missing.some(lacksDataset)) continue
    const key = `${row.origin} ${row.method}`
    const point = {
      shots: row.shots!,
      mean,
      low: Math.max(0, mean - (std ?? 0)),
      high: Math.min(100, mean + (std ?? 0)),
    }
    const curve = curves.get(key)
    curves.set(key, {
      name: row.title,
      printed: row.origin === 'paper',
      colour: colourOf(row),
      points: [...(curve?.points ?? []), point],
    })
  }
  return [...curves.values()]
}

/** Rows of methods that were measured, and the paper's of the same: others would hide them. */
export function curvesBeside(rows: readonly ResultRow[]): ResultRow[] {
  const measured = new Set(
    rows.flatMap(({ origin, method }) => (origin === 'measured' ? [plainMethod(method)] : [])),
  )
  return rows.filter(({ method }) => measured.has(plainMethod(method)))
}
