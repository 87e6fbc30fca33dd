import type { Metrics } from '../core/evaluate/metrics.js'
import { escapeHtml } from './escape-html.js'

/** More classes than this are folded away behind the least accurate ones. */
const ALL = 40
const LOWEST = 20

/** Accuracy of every class as a table with bars, the most accurate first; classes without images last. */
export function classAccuracies(
  classNames: readonly string[],
  { perClassAccuracy, confusion }: Metrics,
): string {
  const classes = classNames.map((name, i) => ({
    name,
    accuracy: perClassAccuracy[i] ?? null,
    images: confusion[i]!.reduce((sum, n) => sum + n, 0),
  }))
  classes.sort((a, b) => (b.accuracy ?? -1) - (a.accuracy ?? -1))
  if (classes.length <= ALL) return `<h3>Accuracy by class</h3>${table(classes)}`
  const lowest = classes
    .filter(({ accuracy }) => accuracy !== null)
    .slice(-LOWEST)
    .reverse()
  return `<h3>The ${lowest.length} least accurate classes</h3>${table(lowest)}
<details><summary>All ${classes.length} classes</summary>${table(classes)}</details>`
}

interface ClassAccuracy {
  readonly name: string
  /** Percent, null without images. */
  readonly accuracy: number | null
  readonly images: number
}

function table(classes: readonly ClassAccuracy[]): string {
  const rows = classes.map(({ name, accuracy, images }) => {
    const bar = accuracy === null ? '' : `<span style="--share:${accuracy.toFixed(1)}%"></span>`
    return `<tr><th scope="row">${escapeHtml(name)}</th><td class="number">${images}</td><td class="number">${accuracy?.toFixed(0) ?? '–'}</td><td class="bar" aria-hidden="true">${bar}</td></tr>`
  })
  return `<table class="classes"><thead><tr><th scope="col">Class</th><th scope="col" class="number">Images</th><th scope="col" class="number">%</th><td aria-hidden="true"></td></tr></thead><tbody>${rows.join('')}</tbody></table>`
}
