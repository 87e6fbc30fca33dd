import { join } from 'node:path'
import { selectClasses } from '../data/base-novel.js'
import { calibrationBins } from '../evaluate/metrics.js'
import type { Model } from '../model.js'
import { writeReport } from '../report/report.js'
import type { Curve, ReportData } from '../report/report-data.js'
import { sampleImages } from '../report/sample-images.js'
import { toyDataset } from '../toy/datasets.js'
import { environment } from '../train/environment.js'
import { type DemoMethod, type DemoResult, demoMethods, demoSettings } from './demo.js'

/** Names of the demo's methods as a reader knows them. */
export const demoTitles: Readonly<Record<DemoMethod, string>> = {
  'zero-shot': 'zero-shot CLIP',
  ivlp: 'IVLP (cross-entropy only)',
  promptsrc: 'PromptSRC',
}

/** Writes the demo's report into a folder; returns its path. */
export async function writeDemoReport(folder: string, result: DemoResult, model: Model): Promise<string> {
  const path = join(folder, 'report.html')
  await writeReport(path, await reportData(result, model))
  return path
}

async function reportData({ methods, runs, seeds, seconds }: DemoResult, model: Model): Promise<ReportData> {
  const { classNames, test } = selectClasses(toyDataset('toy'), 'novel')
  const ours = runs.filter(({ method }) => method === 'promptsrc')
  const { novelEvaluation } = ours.at(-1)!.result
  return {
    title: 'Prompt learning on the toy world',
    subtitle: `The embedded tiny CLIP, trained on 16 pictures of each of 12 base classes; 12 novel classes were never trained. Seeds ${seeds.join(', ')}.`,
    date: new Date().toISOString(),
    headline: {
      reference: demoTitles['zero-shot'],
      rows: demoMethods.map((method) => ({ method: demoTitles[method], ...methods[method] })),
      note: 'Accuracy in percent on test pictures, mean ± standard deviation over seeds. Harmonic mean of the mean accuracies.',
    },
    samples: {
      caption: 'Novel classes, never trained, as PromptSRC recognises them.',
      items: await sampleImages(test, novelEvaluation, classNames, 12),
    },
    training: {
      caption: 'Loss and learning rate are those of PromptSRC. Means over the steps of each epoch.',
      losses: trainingCurves(ours, ({ losses }) => losses),
      accuracies: demoMethods
        .filter((method) => method !== 'zero-shot')
        .flatMap((method) =>
          trainingCurves(
            runs.filter((run) => run.method === method),
            ({ accuracy }) => ({ [demoTitles[method]]: accuracy }),
          ),
        ),
      learningRates: ours[0]!.epochs.map(({ learningRate }) => learningRate),
    },
    evaluation: {
      caption: `Novel classes under PromptSRC, seed ${seeds.at(-1)}.`,
      classNames,
      metrics: novelEvaluation.metrics,
      calibration: calibrationBins(novelEvaluation.logits, novelEvaluation.labels, classNames.length),
    },
    facts: {
      Settings: {
        model: model.name,
        modelSha256: await model.hash(),
        shots: 16,
        ...demoSettings.promptsrc,
        seeds,
        seconds: Math.round(seconds),
      },
      Environment: { ...environment() },
    },
  }
}

type Epoch = DemoResult['runs'][number]['epochs'][number]

/** Values by name, epoch by epoch, of every run. */
function trainingCurves(
  runs: DemoResult['runs'],
  valuesOf: (epoch: Epoch) => Readonly<Record<string, number>>,
): Curve[] {
  return Object.keys(valuesOf(runs[0]!.epochs[0]!)).map((name) => ({
    name,
    runs: runs.map(({ epochs }) => epochs.map((epoch) => valuesOf(epoch)[name]!)),
  }))
}
