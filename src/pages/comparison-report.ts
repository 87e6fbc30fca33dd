import { selectClasses } from '../core/data/base-novel.js'
import type { Dataset } from '../core/data/dataset.js'
import { baselineNamed } from '../lab/baselines.js'
import { accuraciesOf, type ComparedRow, rowDifferences } from '../lab/results/compared-rows.js'
import { overOf } from '../lab/results/formats/comparison.js'
import { pairedNote } from '../lab/results/layout.js'
import type { Figure } from '../lab/results/result-table.js'
import type { Epoch } from '../lab/results/training-curves.js'
import { renderReport } from './report.js'
import type { Differences, HeadlineRow, PairedDifference, ReportData } from './report-data.js'
import { loadSamples } from './samples.js'
import { trainingData } from './training.js'

/** What a comparison's report is made from. */
export interface ComparisonReportOptions {
  readonly title: string
  readonly subtitle: string
  /** At least one. */
  readonly rows: readonly ComparedRow[]
  readonly seeds: readonly number[]
  /** The data set, or its draws. */
  readonly data: readonly Dataset[]
  /** Images of classes that were never trained, with what a classifier says of them. */
  readonly added?: ReportData['added']
  readonly model: { readonly name: string; readonly sha256: string }
  /** Label of the row shown in detail. Default: that with the best harmonic mean. */
  readonly detailed?: string
  /** The epochs of the training in a unit's folder. */
  readonly epochsOf: (folder: string) => Promise<readonly Epoch[]>
  /** The machine and the versions in use. */
  readonly environment: object
}

/** The report of a comparison as an HTML page. */
export async function comparisonReport(options: ComparisonReportOptions): Promise<string> {
  const { title, subtitle, rows, seeds, data, model, environment, epochsOf } = options
  const row = rows.find(({ entry }) => entry.label === options.detailed) ?? bestOf(rows)
  const reference = rows.find(({ entry }) => entry.method === 'zero-shot')
  const { spec, result } = row.units.at(-1)!
  const selection = result.measures.novel ? 'novel' : 'base'
  const evaluation = result.measures[selection]
  const dataset = data.find(({ name }) => name === spec.data.name)!
  const { classNames, test } = selectClasses(dataset, selection)
  const name = row.entry.title
  const seed = spec.settings.seed === null ? '' : `, seed ${spec.settings.seed}`
  const place = data.length > 1 ? ` of ${dataset.name}` : ''
  const differences = differencesOf(rows)
  const over = overOf(rows) === 'draws' ? 'draws, each the mean over its seeds' : 'seeds'
  return renderReport({
    title,
    subtitle,
    date: new Date().toISOString(),
    headline: {
      rows: rows.map(headlineRow),
      ...(reference ? { reference: reference.entry.title } : {}),
      ...(differences ? { differences } : {}),
      note: `Accuracy in percent on test images, mean ± sample standard deviation over ${over}; in brackets the 95 % confidence interval of the mean by Student’s t. Harmonic mean of the mean accuracies; its spread is that of the ${overOf(rows)}’ harmonic means.`,
    },
    ...(evaluation
      ? {
          samples: {
            caption: `Test images of ${selection} classes${place} as ${name} recognises them.`,
            items: await loadSamples(test, evaluation.samples),
          },
          evaluation: {
            caption: `${selection === 'novel' ? 'Novel' : 'Base'} classes${place} under ${name}${seed}.`,
            classNames,
            metrics: evaluation.metrics,
            calibration: evaluation.calibration,
          },
        }
      : {}),
    ...(options.added ? { added: options.added } : {}),
    ...(await training(rows, row, epochsOf)),
    facts: {
      Settings: {
        model: model.name,
        modelSha256: model.sha256,
        data: data.map(({ name }) => name).join(', '),
        seeds,
      },
      ...Object.fromEntries(rows.filter(isTrained).map((row) => [row.entry.title, settingsOf(row)])),
      Environment: { ...environment },
    },
  })
}

/** The best by harmonic mean; without any, by base accuracy. */
function bestOf(rows: readonly ComparedRow[]): ComparedRow {
  const score = ({ hm, base }: ComparedRow) => (hm ? 1000 + hm.mean : base.mean)
  return rows.reduce((best, row) => (score(row) > score(best) ? row : best))
}

function headlineRow(row: ComparedRow): HeadlineRow {
  const { entry, units, base, novel, hm, parameters, stepSeconds, peakMemoryMB } = row
  return {
    method: entry.title,
    base: base.mean,
    novel: novel?.mean ?? null,
    hm: hm?.mean ?? null,
    std: { base: base.std, novel: novel?.std ?? null, hm: hm?.std ?? null },
    intervals: { base: base.interval, novel: novel?.interval ?? null, hm: hm?.interval ?? null },
    runs: units.map(accuraciesOf).flatMap(({ base, novel }) => (novel === null ? [] : [{ base, novel }])),
    costs: { parameters, stepSeconds, peakMemoryMB },
  }
}

function differencesOf(rows: readonly ComparedRow[]): Differences | undefined {
  const differences = rowDifferences(rows)
  if (differences.length === 0) return undefined
  const paired = ({ mean, interval, runs }: Figure): PairedDifference => ({
    mean,
    interval,
    values: runs.map(({ value }) => value),
  })
  return {
    minuend: differences[0]!.minuend.title,
    rows: differences.map(({ other, base, novel, hm }) => ({
      other: other.title,
      base: paired(base),
      novel: novel && paired(novel),
      hm: hm && paired(hm),
    })),
    note: pairedNote(overOf(rows)),
  }
}

/** Curves of the units' logs: every method's accuracy, the loss terms of one. */
async function training(
  rows: readonly ComparedRow[],
  detailed: ComparedRow,
  epochsOf: ComparisonReportOptions['epochsOf'],
): Promise<Pick<ReportData, 'training'>> {
  const trained = await Promise.all(
    rows.filter(isTrained).map(async ({ entry, units }) => ({
      entry,
      name: entry.title,
      runs: await Promise.all(units.map(({ folder }) => epochsOf(folder))),
    })),
  )
  const shown = trained.find(({ entry }) => entry === detailed.entry) ?? trained.at(-1)
  if (!shown) return {}
  const caption = `Losses and learning rate are those of ${shown.name}. Means over the steps of each epoch.`
  return { training: trainingData(caption, shown, trained) }
}

const isTrained = ({ entry }: ComparedRow): boolean => !baselineNamed(entry.method)

function settingsOf({ units }: ComparedRow): Record<string, unknown> {
  const { seed: _seed, classes: _classes, methodOptions, ...settings } = units[0]!.spec.settings
  return { ...settings, ...(methodOptions as object) }
}
