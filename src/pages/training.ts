import { ink } from './colours.js'
import { curveTable } from './curve-table.js'
import { escapeHtml } from './escape-html.js'
import { lineChart } from './line-chart.js'
import type { Section } from './page.js'
import type { Curve, ReportData } from './report-data.js'

/** Loss terms as a reader knows them. Terms of other names appear under their own. */
const termTitles: Readonly<Record<string, string>> = {
  total: 'Total loss',
  ce: 'Cross-entropy',
  sclText: 'Text agreement (L1, weighted)',
  sclImage: 'Image agreement (L1, weighted)',
  sclLogits: 'Logit agreement (KL)',
}

/** How training went, epoch by epoch: a small chart a loss term, accuracy of every method, learning rate. */
export async function trainingSection(
  { caption, losses = [], accuracies = [], learningRates = [] }: NonNullable<ReportData['training']>,
  colours: ReadonlyMap<string, string>,
): Promise<Section> {
  const terms = losses.map(({ name, runs }) => ({ name: termTitles[name] ?? name, runs }))
  const rates: Curve[] = learningRates.length > 0 ? [{ name: 'Learning rate', runs: [learningRates] }] : []
  const charts = [
    ...(accuracies.length > 0
      ? [panel('Training accuracy, %', accuracies, (name) => colours.get(name) ?? ink)]
      : []),
    ...terms.map((term) => panel(term.name, [term], () => ink)),
    ...rates.map((rate) => panel(rate.name, [rate], () => ink)),
  ]
  const seeds = Math.max(0, ...[...losses, ...accuracies].map(({ runs }) => runs.length))
  const spread = seeds > 1 ? ' Thin lines are single seeds, thick lines their mean.' : ''
  const table = curveTable([...accuracies, ...terms, ...rates])
  return {
    id: 'training',
    title: 'Training',
    html: `<p class="note">${escapeHtml(caption)}${spread}</p><div class="grid">${(await Promise.all(charts)).join('')}</div>
<details><summary>All values</summary>${table}</details>`,
  }
}

async function panel(
  title: string,
  curves: readonly Curve[],
  colourOf: (name: string) => string,
): Promise<string> {
  const svg = await lineChart(title, curves, { colourOf, fromZero: curves.length === 1 })
  return `<figure><figcaption><h3>${escapeHtml(title)}</h3></figcaption>${svg}</figure>`
}
