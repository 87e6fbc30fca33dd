import type { ScoreBin } from '../core/evaluate/open-set.js'
import { accent, chart, ink, loadPlot, muted } from './chart.js'
import { escapeHtml, type Section } from './page.js'

/** How well images of something else were told apart. Shares in percent. */
export interface OtherData {
  /** Name of the data set of the others. */
  readonly data: string
  readonly count: number
  readonly auroc: number
  readonly falsePositiveRateAt95: number
  readonly histogram: readonly ScoreBin[]
  /** The run's threshold, and what it accepts. */
  readonly atThreshold: {
    readonly threshold: number
    readonly accepted: number
    readonly otherAccepted: number
  } | null
}

/** Scores of the classes' images (above) and of others (below), with the run's threshold. */
export async function scoreSection(others: OtherData): Promise<Section> {
  const { data, count, auroc, falsePositiveRateAt95, histogram, atThreshold } = others
  const { axisX, axisY, gridY, rectY, ruleX, ruleY } = await loadPlot()
  const bars = histogram.flatMap(({ from, to, known, other }) => [
    { from, to, images: known, fill: accent },
    { from, to, images: -other, fill: muted },
  ])
  const svg = await chart(
    {
      width: 560,
      height: 300,
      marginLeft: 48,
      marginBottom: 40,
      marks: [
        gridY({ ticks: 5 }),
        axisX({ label: 'score', labelArrow: 'none', tickSize: 0, ticks: 5, tickFormat: '.4f' }),
        axisY({
          label: 'images of the classes above, others below',
          labelArrow: 'none',
          tickSize: 0,
          ticks: 5,
          tickFormat: (images: number) => `${Math.abs(images)}`,
        }),
        rectY(bars, { x1: 'from', x2: 'to', y: 'images', fill: 'fill', inset: 1 }),
        ruleY([0], { stroke: ink }),
        ...(atThreshold ? [ruleX([atThreshold.threshold], { stroke: ink, strokeDasharray: '4 3' })] : []),
      ],
    },
    `Scores of images: ${histogram.map(({ from, known, other }) => `from ${from.toFixed(5)} ${known} of the classes and ${other} others`).join('; ')}`,
  )
  const threshold = atThreshold
    ? ` The dashed line is the run's threshold, which accepts ${atThreshold.accepted.toFixed(1)} % of the classes and ${atThreshold.otherAccepted.toFixed(1)} % of the others.`
    : ''
  return {
    id: 'none-of-these',
    title: 'None of these',
    html: `<dl class="tiles"><div><dt>AUROC</dt><dd>${auroc.toFixed(1)} %</dd></div><div><dt>others accepted with 95 % of the classes</dt><dd>${falsePositiveRateAt95.toFixed(1)} %</dd></div><div><dt>other images</dt><dd>${count.toLocaleString('en')}</dd></div></dl>
<figure><figcaption>Scores of the test images beside those of images of something else, ${escapeHtml(data)}.${threshold}</figcaption>${svg}</figure>`,
  }
}
