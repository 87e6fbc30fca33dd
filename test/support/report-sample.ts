import { calibrationBins, evaluateLogits } from '../../src/core/evaluate/metrics.js'
import { mostLikely } from '../../src/core/evaluate/predict.js'
import type { RgbImage } from '../../src/core/image/resize.js'
import { randomStream } from '../../src/core/random.js'
import type { Curve, ReportData } from '../../src/pages/report-data.js'

/** What a sample report is about. */
export interface ReportSampleOptions {
  readonly classNames: readonly string[]
  readonly methods?: readonly [reference: string, baseline: string, ours: string]
  readonly epochs?: number
  readonly seeds?: number
}

/** A report with every section, made of drawn numbers; equal options give equal data. */
export function reportSample({
  classNames,
  methods = ['zero-shot CLIP', 'IVLP (cross-entropy only)', 'PromptSRC'],
  epochs = 20,
  seeds = 3,
}: ReportSampleOptions): ReportData {
  const [reference, baseline, ours] = methods
  const { logits, labels } = drawnLogits(classNames.length)
  return {
    title: 'Prompt learning on sample data',
    subtitle: `ViT-B/16, ${classNames.length} classes, 16 shots, ${seeds} seeds`,
    date: '2026-03-05T14:07:00.000Z',
    headline: {
      rows: [
        {
          method: reference,
          base: 69.3,
          novel: 74.2,
          hm: 71.7,
          std: { base: 0, novel: 0, hm: 0 },
          runs: [{ base: 69.3, novel: 74.2 }],
          costs: { parameters: 0, stepSeconds: null, peakMemoryMB: 812 },
        },
        { method: baseline, base: 84.2, novel: 71.8, hm: 77.5, std: { base: 0.6, novel: 1.4, hm: 0.9 } },
        {
          method: ours,
          base: 84.3,
          novel: 76.1,
          hm: 80.0,
          std: { base: 0.3, novel: 0.5, hm: 0.4 },
          intervals: { base: [83.6, 85.0], novel: [74.9, 77.3], hm: [79.0, 81.0] },
          runs: [
            { base: 84.0, novel: 75.6 },
            { base: 84.6, novel: 76.6 },
          ],
          costs: { parameters: 46_080, stepSeconds: 3.31, peakMemoryMB: 1712 },
        },
        {
          method: 'linear probe',
          base: 82.1,
          novel: null,
          hm: null,
          std: { base: 0.4, novel: 0, hm: 0 },
          costs: { parameters: 6156, stepSeconds: null, peakMemoryMB: 640 },
        },
      ],
      reference,
      note: 'Accuracy in percent on test images, mean ± standard deviation over seeds.',
    },
    samples: {
      caption: 'Test images with the three likeliest classes.',
      items: [1, 6, 11, 16, 21, 26, 31, 36].map((i) => ({
        image: picture(i),
        truth: classNames[labels[i]!]!,
        classes: mostLikely(
          logits.subarray(i * classNames.length, (i + 1) * classNames.length),
          classNames,
        ).slice(0, 3),
      })),
    },
    training: {
      caption: 'Means over the steps of each epoch.',
      losses: [
        falling('total', 3.1, 1.2, epochs, seeds),
        falling('ce', 2.1, 0.5, epochs, seeds),
        falling('sclText', 0.1, 0.4, epochs, seeds),
        falling('sclImage', 0.2, 0.3, epochs, seeds),
        falling('sclLogits', 0.004, 0.002, epochs, seeds),
      ],
      accuracies: [falling(baseline, 46, 84.4, epochs, seeds), falling(ours, 45, 83.6, epochs, seeds)],
      learningRates: Array.from({ length: epochs }, (_, i) =>
        i === 0 ? 1e-5 : 0.00125 * (1 + Math.cos((Math.PI * i) / epochs)),
      ),
    },
    evaluation: {
      caption: 'Test images of novel classes.',
      classNames,
      metrics: evaluateLogits(logits, labels, classNames.length),
      calibration: calibrationBins(logits, labels, classNames.length),
    },
    facts: {
      Settings: {
        method: 'promptsrc',
        epochs,
        seeds: [1, 2, 3],
        options: { textDepth: 9, ctxInit: 'a photo of a' },
      },
      Environment: { node: 'v20.19.0', cpu: 'a processor', cores: 2 },
    },
  }
}

/** Runs that go from one value to another with a little noise. */
function falling(name: string, from: number, to: number, epochs: number, seeds: number): Curve {
  const runs = Array.from({ length: seeds }, (_, seed) => {
    const random = randomStream(seed, name)
    return Array.from(
      { length: epochs },
      (_, i) => to + (from - to) * Math.exp(-i / 4) + 0.04 * Math.abs(from - to) * random.normal(),
    )
  })
  return { name, runs }
}

/** Five images a class; neighbouring classes are alike. */
function drawnLogits(classes: number) {
  const random = randomStream(7, 'logits')
  const labels = Int32Array.from({ length: 5 * classes }, (_, i) => Math.floor(i / 5))
  const logits = Float32Array.from({ length: labels.length * classes }, (_, i) => {
    const distance = Math.abs((i % classes) - labels[Math.floor(i / classes)]!)
    return 3.6 * Math.exp(-distance) + 1.1 * random.normal()
  })
  return { logits, labels }
}

/** A small picture of stripes. */
function picture(seed: number): RgbImage {
  const side = 48
  const random = randomStream(seed, 'picture')
  const colour = [0, 1, 2].map(() => 40 + 200 * random.uniform())
  const data = Uint8Array.from({ length: side * side * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3)
    const stripe = (((pixel % side) + seed * Math.floor(pixel / side)) >> 3) % 2
    return stripe ? colour[i % 3]! : 235
  })
  return { width: side, height: side, data }
}
