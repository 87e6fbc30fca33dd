import type { CalibrationBin } from '../core/evaluate/metrics.js'
import { accent, chart, ink, loadPlot, muted } from './chart.js'

/** Reliability diagram: accuracy against confidence in bins, whose area shows their images. */
export async function calibrationFigure(bins: readonly CalibrationBin[], error: number): Promise<string> {
  const { axisX, axisY, dot, gridX, gridY, line, ruleX } = await loadPlot()
  const filled = bins.filter(({ count }) => count > 0)
  const percent = { domain: [0, 100] }
  const axis = { ticks: 5, tickSize: 0, labelArrow: 'none' } as const
  const svg = await chart(
    {
      width: 340,
      height: 322,
      marginLeft: 40,
      marginBottom: 38,
      marginTop: 22,
      marginRight: 16,
      x: percent,
      y: percent,
      r: { range: [0, 13] },
      marks: [
        gridX({ ticks: 5 }),
        gridY({ ticks: 5 }),
        axisX({ ...axis, label: 'confidence, %' }),
        axisY({ ...axis, label: 'accuracy, %' }),
        line(
          [
            [0, 0],
            [100, 100],
          ],
          { stroke: muted, strokeDasharray: '3 3' },
        ),
        ruleX(filled, { x: 'confidence', y1: 'confidence', y2: 'accuracy', stroke: ink, strokeWidth: 1.5 }),
        dot(filled, {
          x: 'confidence',
          y: 'accuracy',
          r: 'count',
          fill: accent,
          fillOpacity: 0.75,
          stroke: accent,
        }),
      ],
    },
    `Reliability diagram with an expected calibration error of ${error.toFixed(1)} %: ${filled.map(({ confidence, accuracy }) => `at ${confidence.toFixed(0)} % confidence ${accuracy.toFixed(0)} % accuracy`).join(', ')}`,
  )
  return `<figure class="reliability"><figcaption><h3>Calibration</h3>A dot gathers images of like confidence; its area is their number. On the dashed line confidence and accuracy agree, below it the model is too sure. The expected calibration error, ${error.toFixed(1)} %, is the mean distance.</figcaption>${svg}</figure>`
}
