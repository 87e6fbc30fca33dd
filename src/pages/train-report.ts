import type { Dataset, Datum } from '../core/data/dataset.js'
import type { Run } from '../core/evaluate/create-classifier.js'
import type { Evaluation } from '../core/evaluate/evaluate.js'
import { calibrationBins } from '../core/evaluate/metrics.js'
import type { Settings } from '../core/train/settings.js'
import type { Epoch } from '../lab/results/training-curves.js'
import { renderReport } from './report.js'
import { sampleImages } from './samples.js'
import { trainingData } from './training.js'

/** What a report of a finished run is made from. */
export interface TrainReportOptions {
  readonly dataset: Dataset
  readonly run: Run
  /** As the run was configured. */
  readonly settings: Settings
  /** Of the run's log. */
  readonly epochs: readonly Epoch[]
  /** Evaluation of `images`, where there were any. */
  readonly evaluation: Evaluation | undefined
  readonly images: readonly Datum[]
  /** What to read the figures with, see `evaluationNotes`. */
  readonly notes: readonly string[]
  /** The machine and the versions in use. */
  readonly environment: object
}

const exifText = { apply: 'orientation applied', ignore: 'orientation ignored' } as const

/** The report of a finished run as an HTML page. */
export async function trainReport(options: TrainReportOptions): Promise<string> {
  const { dataset, run, epochs, evaluation, images, environment } = options
  const { method, classNames, model } = run.prompts
  const { methodOptions, ...settings } = options.settings
  return renderReport({
    title: `${method.title} on ${dataset.name}`,
    subtitle: `${model.name}, ${classNames.length} classes, ${settings.shots > 0 ? `${settings.shots} shots` : 'no images learned from'}, seed ${settings.seed}`,
    date: new Date().toISOString(),
    notes: options.notes,
    training: trainingData('Means over the steps of each epoch.', { name: 'training', runs: [epochs] }),
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
      Data: { name: dataset.name, ...(dataset.exif ? { exif: exifText[dataset.exif] } : {}) },
      'Method options': methodOptions,
      Model: { ...model },
      Environment: { ...environment },
    },
  })
}
