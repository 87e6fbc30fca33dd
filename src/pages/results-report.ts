import { counted } from '../core/counted.js'
import { datasetTitle } from '../core/data/dataset-names.js'
import {
  averageTitle,
  differenceSheetOf,
  legendOf,
  protocolTitles,
  type Sheet,
  sheetOf,
  shotsTitle,
} from '../lab/results/layout.js'
import { methodTitle, plainMethod } from '../lab/results/method-names.js'
import type { Quantity } from '../lab/results/observation.js'
import type { Results } from '../lab/results/read-results.js'
import {
  type Figure,
  figureOf,
  lacksDataset,
  type ResultRow,
  type ResultTable,
} from '../lab/results/result-table.js'
import { accuracyBars } from './accuracy-bars.js'
import { baseNovelPlane } from './base-novel-plane.js'
import { colourMap, muted } from './chart.js'
import { factsSection } from './facts.js'
import { curvesBeside, fewShotChart } from './few-shot-curves.js'
import { escapeHtml, page, type Section } from './page.js'
import type { HeadlineRow } from './report-data.js'
import { type ResultsTable, resultsTable } from './results-table.js'

type ColourOf = (row: ResultRow) => string

/** Tables with plots as an HTML page that opens without a network. */
export async function resultsReport(tables: readonly ResultTable[], results: Results): Promise<string> {
  const { observations, unfinished, failed, damaged, repeats } = results
  const colourOf = colours(tables)
  const sections = await Promise.all(tables.map((table, i) => section(table, `results-${i + 1}`, colourOf)))
  const facts = factsSection({
    Runs: {
      measurements: observations.length,
      'not finished': unfinished.length,
      failed: failed.length,
      damaged: damaged.length,
      'found twice': repeats.length,
    },
  })
  const methods = new Set(observations.map(({ method }) => method)).size
  const datasets = new Set(observations.map(({ dataset }) => dataset)).size
  return page(
    {
      title: tables.length === 1 ? protocolTitles[tables[0]!.protocol] : 'Results of prompt learning',
      subtitle: `${counted(methods, 'method')} on ${counted(datasets, 'data set')}, ${counted(observations.length, 'measurement')}.`,
      date: new Date().toISOString(),
    },
    [...sections, { ...facts, id: 'runs', title: 'What was read' }],
  )
}

/** A colour a method, whether measured, measured in Python or printed. */
function colours(tables: readonly ResultTable[]): ColourOf {
  const measured = tables.flatMap(({ rows }) => rows.filter(({ origin }) => origin === 'measured'))
  const names = measured.map(({ method }) => method).filter((method) => method !== 'zero-shot')
  const own = colourMap(names)
  return ({ origin, method }) =>
    own.get(method) ??
    (origin === 'paper'
      ? own.get([...own.keys()].find((name) => plainMethod(name) === method) ?? '')
      : undefined) ??
    muted
}

async function section(table: ResultTable, id: string, colourOf: ColourOf): Promise<Section> {
  const sheet = sheetOf(table)
  const body =
    table.protocol === 'base-to-novel'
      ? await baseToNovel(table, sheet, colourOf)
      : table.protocol === 'few-shot'
        ? await fewShot(table, sheet, colourOf)
        : await transfer(table, sheet, colourOf)
  const differences = differenceSheetOf(table)
  const notes = [...sheet.notes, ...legendOf([sheet])]
  return {
    id,
    title: sheet.title,
    html: `${body}${differences ? differenceTables(differences) : ''}<div class="note">${notes.map((note) => `<p>${escapeHtml(note)}</p>`).join('')}</div>`,
  }
}

/** Differences by pairs, the average first, data sets behind a click. */
function differenceTables({ title, head, groups, notes }: Sheet): string {
  const [first, ...others] = groups.map(({ title, rows }) =>
    resultsTable({ caption: title ?? 'Differences', head, rows }),
  )
  const rest =
    others.length > 0
      ? `<details><summary>Differences on each data set</summary><div class="results-grid">${others.join('')}</div></details>`
      : ''
  return `<h3>${escapeHtml(title)}</h3><p class="note">${escapeHtml(notes.at(-1))}</p>${first}${rest}`
}

async function baseToNovel(table: ResultTable, sheet: Sheet, colourOf: ColourOf): Promise<string> {
  const [first, ...others] = sheet.groups
  const head = sheet.head.map((title) => (title === 'HM' ? title : capital(title)))
  const main = resultsTable({ caption: first!.title!, head, rows: first!.rows })
  const plane = await planeOf(table, colourOf)
  const beside = plane && figure(plane, 'Base and novel together', planeNote(table), 'plane')
  const small = others.map(({ title, rows }) => resultsTable({ caption: title!, head, rows }))
  const all =
    small.length > 0
      ? `<details><summary>Base, novel and harmonic mean of each data set</summary><div class="results-grid">${small.join('')}</div></details>`
      : ''
  return `<div class="row beside">${main}${beside}</div>${await bars(table, 'hm', colourOf)}${all}`
}

/** Bars of each data set side by side. */
async function bars(table: ResultTable, quantity: Quantity, colourOf: ColourOf): Promise<string> {
  const { source, datasets, rows } = table
  const charts = await Promise.all(
    [...(source === null ? [] : [source]), ...datasets].map(async (dataset) => {
      const values = rows.flatMap((row) => {
        const figure = row.origin === 'measured' ? figureOf(row, dataset, quantity) : undefined
        if (!figure) return []
        const { mean, std, paper: printed } = figure
        return [{ title: row.title, mean, std, printed, colour: colourOf(row) }]
      })
      const title = datasetTitle(dataset)
      const svg = await accuracyBars(values, { label: title })
      return svg ? figure(svg, `${title}${dataset === source ? ' (source)' : ''}`) : ''
    }),
  )
  if (charts.every((chart) => chart === '')) return ''
  const title = quantity === 'hm' ? 'Harmonic mean' : 'Accuracy'
  return `<h3>${title} by data set</h3>${key(table, colourOf)}<p class="note">${title} in percent, from 0 to 100; ${barsNote(table)}.</p><div class="grid">${charts.join('')}</div>`
}

/** The plane of the averages, or of the one data set; empty where no method knows novel classes. */
async function planeOf({ datasets, rows }: ResultTable, colourOf: ColourOf): Promise<string> {
  const dataset = datasets.length > 1 ? null : datasets[0]!
  const points = rows.flatMap((row) => {
    const [base, novel, hm] = (['base', 'novel', 'hm'] as const).map((quantity) =>
      figureOf(row, dataset, quantity),
    )
    // What is averaged over other data sets than the rest does not belong beside it.
    if (!base || !novel || lacksDatasets(base) || lacksDatasets(novel)) return []
    // The chart shows names without remarks in parentheses.
    const name = row.title.replace(/ \((.*)\)$/, ', $1')
    const point: HeadlineRow = {
      method: row.shots === null || !severalShots(rows) ? name : `${name}, ${row.shots} shots`,
      base: base.mean,
      novel: novel.mean,
      hm: hm?.mean ?? null,
      std: { base: base.std, novel: novel.std, hm: hm?.std ?? null },
      runs: base.runs.flatMap(({ seed, value }) => {
        const other = novel.runs.find((run) => run.seed === seed)
        return other ? [{ base: value, novel: other.value }] : []
      }),
    }
    return [{ point, row }]
  })
  if (points.length === 0) return ''
  return baseNovelPlane(
    {
      rows: points.map(({ point }) => point),
      printed: points
        .filter(({ row }) => row.origin === 'paper')
        .map(({ point, row }) => ({
          method: point.method,
          // Beside a measured one of the same colour a name would say the same again.
          labelled: points.every(
            (other) => other.row.origin === 'paper' || plainMethod(other.row.method) !== row.method,
          ),
        })),
      note: '',
    },
    new Map(points.map(({ point, row }) => [point.method, colourOf(row)])),
  )
}

const severalShots = (rows: readonly ResultRow[]): boolean =>
  new Set(rows.flatMap(({ shots }) => shots ?? [])).size > 1

async function transfer(table: ResultTable, sheet: Sheet, colourOf: ColourOf): Promise<string> {
  const main = sheet.groups.map(({ rows }) =>
    resultsTable(averageFirst({ caption: 'Accuracy in percent', head: sheet.head, rows })),
  )
  return `${main.join('')}${await bars(table, 'accuracy', colourOf)}`
}

/** A table with its average, in the last column, before the data sets: on the page wide tables go on out of sight. */
function averageFirst({ caption, head, rows }: ResultsTable): ResultsTable {
  if (head.at(-1) !== 'average') return { caption, head, rows }
  const moved = <T>(cells: readonly T[]): T[] => [...cells.slice(-1), ...cells.slice(0, -1)]
  return {
    caption,
    head: moved(head),
    rows: rows.map(({ row, figures }) => ({ row, figures: moved(figures) })),
  }
}

async function fewShot(table: ResultTable, sheet: Sheet, colourOf: ColourOf): Promise<string> {
  const { datasets, rows } = table
  const shown = curvesBeside(rows)
  const charts = await Promise.all(
    [...(datasets.length > 1 ? [null] : []), ...datasets].map(async (dataset) => {
      const title = dataset === null ? averageTitle(datasets) : datasetTitle(dataset)
      const svg = await fewShotChart(shown, dataset, title, colourOf)
      return svg ? figure(svg, title) : ''
    }),
  )
  const tables = sheet.groups.map(({ title, rows }) =>
    resultsTable(averageFirst({ caption: title!, head: sheet.head, rows })),
  )
  const parts = [
    'Accuracy in percent over images a class; bands: ± one standard deviation over seeds',
    ...(shown.some(({ origin }) => origin === 'paper')
      ? ['dashed: the paper’s figures of the same method']
      : []),
    ...(shown.some(({ shots }) => shots === null) ? ['level line: zero-shot'] : []),
  ]
  return `${key(table, colourOf)}<p class="note">${parts.join('; ')}.</p><div class="grid">${charts.join('')}</div>${byShots(table)}<details><summary>Accuracy on each data set, by shots</summary>${tables.join('')}</details>`
}

/** Rows of methods over columns of shots: the averages, or the one data set. */
function byShots({ datasets, rows }: ResultTable): string {
  const dataset = datasets.length > 1 ? null : datasets[0]!
  const measured = rows.flatMap(({ origin, shots }) =>
    origin === 'measured' && shots !== null ? [shots] : [],
  )
  const shots = [...new Set(measured)].sort((a, b) => a - b)
  const methods = new Map<string, ResultRow[]>()
  for (const row of rows) {
    if (!figureOf(row, dataset, 'accuracy')) continue
    const key = `${row.origin} ${row.method}`
    methods.set(key, [...(methods.get(key) ?? []), row])
  }
  const lines = [...methods.values()].map((own) => ({
    row: own[0]!,
    figures: shots.map((k) => {
      // What needs no training is the same whatever the others are shown.
      const row = own.find((row) => row.shots === k || row.shots === null)
      return row && figureOf(row, dataset, 'accuracy')
    }),
  }))
  const caption = dataset === null ? averageTitle(datasets) : datasetTitle(dataset)
  return resultsTable({ caption, head: shots.map(shotsTitle), rows: lines })
}

const figure = (svg: string, title: string, note = '', kind = ''): string =>
  `<figure${kind ? ` class="${kind}"` : ''}><figcaption><h3>${escapeHtml(title)}</h3></figcaption>${svg}${note ? `<p class="note">${escapeHtml(note)}</p>` : ''}</figure>`

function planeNote({ rows }: ResultTable): string {
  const printed = rows.some(({ origin }) => origin === 'paper') ? ' Rings: as the paper prints them.' : ''
  const incomplete = rows.some(({ figures }) => figures.some(lacksDatasets))
    ? ' Averages that lack a data set are not drawn.'
    : ''
  return `Novel accuracy in percent over base accuracy. Large dots: means. Small dots: single seeds.${printed} Dotted curves: equal harmonic mean. Up and to the right is better.${incomplete}`
}

const lacksDatasets = ({ missing }: Figure): boolean => missing.some(lacksDataset)

const barsNote = ({ rows }: ResultTable): string =>
  `whiskers: ± one standard deviation over seeds${rows.some(({ origin }) => origin === 'paper') ? '; lines across: what the paper prints for the same method' : ''}`

/** Which colour is which method. */
function key({ rows }: ResultTable, colourOf: ColourOf): string {
  const names = new Map(
    rows.filter(({ origin }) => origin === 'measured').map((row) => [methodTitle(row.method), colourOf(row)]),
  )
  const items = [...names].map(
    ([name, colour]) => `<li><i style="background:${colour}"></i>${escapeHtml(name)}</li>`,
  )
  return `<ul class="key" aria-label="Colours">${items.join('')}</ul>`
}

const capital = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`
