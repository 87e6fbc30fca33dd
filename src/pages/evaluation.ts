import type { Metrics } from '../core/evaluate/metrics.js'
import { calibrationFigure } from './calibration.js'
import { confusionMatrix } from './confusion-matrix.js'
import { escapeHtml, type Section } from './page.js'
import type { EvaluationData } from './report-data.js'

/** More classes than this are folded away behind the least accurate ones. */
const ALL_CLASSES = 40
const LEAST_ACCURATE = 20
/** Pairs of confused classes listed. */
const PAIRS = 10

/** Totals, calibration, accuracy by class and confusions of an evaluation. */
export async function evaluationSection(data: EvaluationData): Promise<Section> {
  const { caption, classNames, metrics, calibration } = data
  const { count, accuracy, macroF1, meanPerClassAccuracy, expectedCalibrationError } = metrics
  const percent = (value: number) => `${value.toFixed(1)} %`
  const tiles = [
    ['accuracy', percent(accuracy)],
    ['mean accuracy of classes', percent(meanPerClassAccuracy)],
    ['macro F1', percent(macroF1)],
    ['calibration error', percent(expectedCalibrationError)],
    ['images', count.toLocaleString('en')],
  ].map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`)
  const reliability = calibration ? await calibrationFigure(calibration, expectedCalibrationError) : ''
  const pairs = confusedPairs(classNames, metrics.confusion)
  return {
    id: 'evaluation',
    title: 'Evaluation',
    html: `<p class="note">${escapeHtml(caption)}</p><dl class="tiles">${tiles.join('')}</dl>
<div class="halves"><div>${classAccuracies(classNames, metrics)}</div><div>${pairs}</div></div>
<div class="row">${await confusionMatrix(classNames, metrics.confusion)}${reliability}</div>`,
  }
}

/** Accuracy of every class as a table with bars, the most accurate first; classes without images last. */
function classAccuracies(classNames: readonly string[], { perClassAccuracy, confusion }: Metrics): string {
  const classes = classNames.map((name, i) => ({
    name,
    accuracy: perClassAccuracy[i] ?? null,
    images: confusion[i]!.reduce((sum, n) => sum + n, 0),
  }))
  classes.sort((a, b) => (b.accuracy ?? -1) - (a.accuracy ?? -1))
  if (classes.length <= ALL_CLASSES) return `<h3>Accuracy by class</h3>${classTable(classes)}`
  const lowest = classes
    .filter(({ accuracy }) => accuracy !== null)
    .slice(-LEAST_ACCURATE)
    .reverse()
  return `<h3>The ${lowest.length} least accurate classes</h3>${classTable(lowest)}
<details><summary>All ${classes.length} classes</summary>${classTable(classes)}</details>`
}

interface ClassAccuracy {
  readonly name: string
  /** Percent, null without images. */
  readonly accuracy: number | null
  readonly images: number
}

function classTable(classes: readonly ClassAccuracy[]): string {
  const rows = classes.map(({ name, accuracy, images }) => {
    const bar = accuracy === null ? '' : `<span style="--share:${accuracy.toFixed(1)}%"></span>`
    return `<tr><th scope="row">${escapeHtml(name)}</th><td class="number">${images}</td><td class="number">${accuracy?.toFixed(0) ?? '–'}</td><td class="bar" aria-hidden="true">${bar}</td></tr>`
  })
  return `<table class="classes"><thead><tr><th scope="col">Class</th><th scope="col" class="number">Images</th><th scope="col" class="number">%</th><td aria-hidden="true"></td></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

/** The pairs of classes most often confused, as a table. */
function confusedPairs(classNames: readonly string[], confusion: readonly (readonly number[])[]): string {
  const pairs = confusion
    .flatMap((row, i) => row.map((images, j) => ({ truth: i, seen: j, images: i === j ? 0 : images })))
    .filter(({ images }) => images > 0)
    .sort((a, b) => b.images - a.images)
    .slice(0, PAIRS)
  const heading = '<h3>Most frequent confusions</h3>'
  if (pairs.length === 0) return `${heading}<p class="confusions">No image was mistaken.</p>`
  const rows = pairs.map(
    ({ truth, seen, images }) =>
      `<tr><td>${escapeHtml(classNames[truth])}</td><td>${escapeHtml(classNames[seen])}</td><td class="number">${images}</td></tr>`,
  )
  return `${heading}<table class="confusions"><thead><tr><th scope="col">True class</th><th scope="col">Recognised as</th><th scope="col" class="number">Images</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}
