import { chart, loadPlot } from './chart.js'
import { escapeHtml } from './escape-html.js'
import type { ReportData } from './report-data.js'

/** More classes than this make the matrix unreadable; then only the pairs most often confused are listed. */
const MATRIX_LIMIT = 50

/** Totals, accuracy by class and confusions of an evaluation. */
export async function evaluationSection({
  caption,
  classNames,
  metrics,
}: NonNullable<ReportData['evaluation']>): Promise<string> {
  const totals = [
    ['images', `${metrics.count}`],
    ['accuracy', `${metrics.accuracy.toFixed(1)} %`],
    ['macro F1', `${metrics.macroF1.toFixed(1)} %`],
    ['expected calibration error', `${metrics.expectedCalibrationError.toFixed(1)} %`],
  ].map(([name, value]) => `<tr><th scope="row">${name}</th><td>${value}</td></tr>`)
  const matrix = classNames.length <= MATRIX_LIMIT ? await confusionMatrix(classNames, metrics.confusion) : ''
  return `<section><h2>Evaluation</h2><p class="note">${escapeHtml(caption)}</p>
<table class="figures"><tbody>${totals.join('')}</tbody></table>
<figure>${await perClass(classNames, metrics.perClassAccuracy)}</figure>${matrix}${confusedPairs(classNames, metrics.confusion)}</section>`
}

const labelMargin = (names: readonly string[]) =>
  Math.min(220, 16 + 7 * Math.max(...names.map(({ length }) => length)))

async function perClass(
  classNames: readonly string[],
  accuracies: readonly (number | null)[],
): Promise<string> {
  const { barX, ruleX, text } = await loadPlot()
  const data = classNames.flatMap((name, i) => {
    const value = accuracies[i]
    return value === null || value === undefined ? [] : [{ name, value }]
  })
  return chart(
    {
      width: 720,
      height: 40 + 18 * data.length,
      marginLeft: labelMargin(classNames),
      x: { label: 'accuracy by class, %', domain: [0, 100], grid: true },
      y: { label: null, domain: data.map(({ name }) => name) },
      marks: [
        barX(data, { x: 'value', y: 'name', fill: '#0072b2' }),
        text(data, {
          x: 'value',
          y: 'name',
          text: (d: { value: number }) => d.value.toFixed(0),
          dx: 4,
          textAnchor: 'start',
        }),
        ruleX([0]),
      ],
      marginRight: 36,
    },
    'accuracy of each class',
  )
}

async function confusionMatrix(
  classNames: readonly string[],
  confusion: readonly (readonly number[])[],
): Promise<string> {
  const { cell } = await loadPlot()
  const data = classNames.flatMap((truth, i) => {
    const total = Math.max(
      1,
      confusion[i]!.reduce((a, b) => a + b, 0),
    )
    return classNames.map((seen, j) => ({ truth, seen, share: confusion[i]![j]! / total }))
  })
  const margin = labelMargin(classNames)
  const figure = await chart(
    {
      width: 720,
      height: margin + 22 * classNames.length,
      marginLeft: margin,
      marginBottom: margin,
      padding: 0.04,
      x: { label: 'recognised as', tickRotate: -60, domain: classNames },
      y: { label: 'true class', domain: classNames },
      color: { scheme: 'blues', domain: [0, 1] },
      marks: [cell(data, { x: 'seen', y: 'truth', fill: 'share' })],
    },
    'confusion matrix: share of each true class recognised as each class',
  )
  return `<figure>${figure}<figcaption>Share of each true class (row) recognised as each class (column); dark is 100 %.</figcaption></figure>`
}

function confusedPairs(classNames: readonly string[], confusion: readonly (readonly number[])[]): string {
  const pairs = classNames
    .flatMap((truth, i) => classNames.map((seen, j) => ({ truth, seen, n: i === j ? 0 : confusion[i]![j]! })))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n)
    .slice(0, 8)
  if (pairs.length === 0) return '<p>No image was mistaken.</p>'
  const rows = pairs.map(
    ({ truth, seen, n }) => `<tr><td>${escapeHtml(truth)}</td><td>${escapeHtml(seen)}</td><td>${n}</td></tr>`,
  )
  return `<h3>Most frequent confusions</h3><table><thead><tr><th scope="col">true class</th><th scope="col">recognised as</th><th scope="col">images</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}
