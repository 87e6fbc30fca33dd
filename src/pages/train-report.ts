import { join } from 'node:path'
import type { Dataset, Datum } from '../core/data/dataset.js'
import type { Run } from '../core/evaluate/create-classifier.js'
import type { Evaluation } from '../core/evaluate/evaluate.js'
import { calibrationBins } from '../core/evaluate/metrics.js'
import { writeFileAtomic } from '../node/files/atomic.js'
import { environment } from '../node/runs/environment.js'
import { RunDirectory, readLog } from '../node/runs/run-directory.js'
import { runFiles } from '../node/runs/run-files.js'
import type { RunConfig } from '../node/runs/train-run.js'
import { writeReport } from './report.js'
import type { Curve, ReportData } from './report-data.js'
import { sampleImages } from './sample-images.js'

/** What a report of a finished run is written from. */
export interface TrainReportOptions {
  /** Run directory. */
  readonly out: string
  readonly dataset: Dataset
  readonly run: Run
  /** Evaluation of `images`, where there were any. */
  readonly evaluation: Evaluation | undefined
  readonly images: readonly Datum[]
}

/** Writes `metrics.json` and `report.html` of a finished run; returns the report's path. */
export async function writeTrainReport(options: TrainReportOptions): Promise<string> {
  const { out, dataset, run, evaluation, images } = options
  const { method, classNames } = run.prompts
  const config = (await RunDirectory.readConfig(out)) as RunConfig
  if (evaluation) {
    const figures = { data: dataset.name, classNames, ...evaluation.metrics, skipped: evaluation.skipped }
    await writeFileAtomic(join(out, runFiles.metrics), `${JSON.stringify(figures, null, 2)}\n`)
  }
  const path = join(out, runFiles.report)
  const { methodOptions, ...settings } = config.settings
  await writeReport(path, {
    title: `${method.title} on ${dataset.name}`,
    subtitle: `${run.prompts.model.name}, ${classNames.length} classes, ${settings.shots} shots, seed ${settings.seed}`,
    date: new Date().toISOString(),
    training: await training(out),
    ...(evaluation
      ? {
          samples: {
            caption: 'Test images with the three likeliest classes.',
            items: await sampleImages(images, evaluation, classNames, 12),
          },
          evaluation: {
            caption: `Test images of the ${classNames.length} trained classes.`,
            classNames,
            metrics: evaluation.metrics,
            calibration: calibrationBins(evaluation.logits, evaluation.labels, classNames.length),
          },
        }
      : {}),
    facts: {
      Settings: settings,
      'Method options': methodOptions,
      Model: config.model,
      Environment: { ...environment() },
    },
  })
  return path
}

/** Curves of the run's log. */
async function training(out: string): Promise<NonNullable<ReportData['training']>> {
  const epochs = (await readLog(out)).filter(({ event }) => event === 'epoch') as unknown as {
    learningRate: number
    losses: Record<string, number>
    accuracy: number
  }[]
  const curve = (name: string, of: (epoch: (typeof epochs)[number]) => number): Curve => ({
    name,
    runs: [epochs.map(of)],
  })
  const terms = Object.keys(epochs[0]?.losses ?? {})
  return {
    caption: 'Means over the steps of each epoch.',
    losses: terms.map((name) => curve(name, ({ losses }) => losses[name]!)),
    accuracies: epochs.length > 0 ? [curve('training', ({ accuracy }) => accuracy)] : [],
    learningRates: epochs.map(({ learningRate }) => learningRate),
  }
}
