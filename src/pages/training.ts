import type { Epoch } from '../lab/results/training-curves.js'
import { ink } from './chart.js'
import { formatValue, lineChart, meanOverRuns } from './line-chart.js'
import { escapeHtml, type Section } from './page.js'
import type { Curve, ReportData } from './report-data.js'

/** Trainings of one method: the epochs of each seed. */
export interface TrainedMethod {
  readonly name: string
  readonly runs: readonly (readonly Epoch[])[]
}

/** What the section shows of logs: every method's accuracy, and the loss terms and learning rate of one of them. */
export function trainingData(
  caption: string,
  shown: TrainedMethod,
  methods: readonly TrainedMethod[] = [shown],
): NonNullable<ReportData['training']> {
  const curve = (name: string, { runs }: TrainedMethod, of: (epoch: Epoch) => number): Curve => ({
    name,
    runs: runs.map((epochs) => epochs.map(of)),
  })
  const [first = []] = shown.runs
  const terms = Object.keys(first[0]?.losses ?? {})
  return {
    caption,
    losses: terms.map((term) => curve(term, shown, ({ losses }) => losses[term]!)),
    accuracies: methods
      .filter(({ runs }) => runs.some((epochs) => epochs.length > 0))
      .map((method) => curve(method.name, method, ({ accuracy }) => accuracy)),
    learningRates: first.map(({ learningRate }) => learningRate),
  }
}

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

/** The means of curves as a table, a row an epoch. */
function curveTable(curves: readonly Curve[]): string {
  const columns = curves.map((curve) => ({ name: curve.name, means: meanOverRuns(curve) }))
  const epochs = Math.max(0, ...columns.map(({ means }) => means.length))
  const headings = columns.map(({ name }) => `<th scope="col" class="number">${escapeHtml(name)}</th>`)
  const rows = Array.from({ length: epochs }, (_, i) => {
    const cells = columns.map(
      ({ means }) => `<td class="number">${i < means.length ? formatValue(means[i]!) : ''}</td>`,
    )
    return `<tr><th scope="row">${i + 1}</th>${cells.join('')}</tr>`
  })
  return `<div class="scroll" tabindex="0" role="group" aria-label="All values by epoch"><table><thead><tr><th scope="col">Epoch</th>${headings.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
}
