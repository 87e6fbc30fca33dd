import { stat } from 'node:fs/promises'
import type { Clip } from '../core/clip/clip.js'
import { type ClassSelection, selectClasses } from '../core/data/base-novel.js'
import type { Datum } from '../core/data/dataset.js'
import type { Classifier } from '../core/evaluate/classifier.js'
import { type Evaluation, evaluateClassifier } from '../core/evaluate/evaluate.js'
import { rangeNormalised } from '../core/evaluate/logit-range.js'
import { expectedCalibrationError } from '../core/evaluate/metrics.js'
import { acceptanceThreshold, conceptScores, conceptTemperature } from '../core/evaluate/none-of-these.js'
import {
  auroc,
  falsePositiveRate,
  type ScoreBin,
  scoreHistogram,
  shareAccepted,
} from '../core/evaluate/open-set.js'
import { scaledLogits } from '../core/evaluate/temperature.js'
import { printable } from '../lab/results/formats/printable.js'
import type { DataOptions } from './data.js'
import { warn } from './fail.js'
import { startProgress } from './progress.js'
import type { OtherFlags } from './rejection-options.js'

/** How well images of the classes and others are told apart. Shares in percent. */
export interface OtherFigures {
  readonly data: string
  readonly classes: ClassSelection
  /** Images of something else. */
  readonly count: number
  readonly auroc: number
  /** Others accepted where 95 % of the classes' own images are. */
  readonly falsePositiveRateAt95: number
  /** Share of own and other images accepted by a threshold that was set before; null where there is none. */
  readonly atThreshold: {
    readonly threshold: number
    readonly accepted: number
    readonly otherAccepted: number
  } | null
  /** The threshold behind `falsePositiveRateAt95`. */
  readonly thresholdAt95: number
  readonly histogram: readonly ScoreBin[]
  readonly skipped: readonly string[]
}

/** What --other names. */
export interface OtherImages {
  readonly data: string
  readonly classes: ClassSelection
  readonly images: readonly Datum[]
}

/**
 * Images of --other: its test images, or all of them where it has no test part of its own.
 *
 * @param classNames the classes that they should be none of
 */
export async function openOther(
  { other, otherClasses, root, exif, frames }: OtherFlags & Pick<DataOptions, 'root' | 'exif' | 'frames'>,
  classNames: readonly string[],
  signal: AbortSignal,
): Promise<OtherImages | undefined> {
  if (other === undefined) return undefined
  const { openDataset } = await import('../node/open-dataset.js')
  // Of a folder without parts, every image is one of something else: none is held out.
  const folder = root === undefined && (await stat(other).catch(() => undefined))?.isDirectory()
  const opened = await openDataset(other, {
    root,
    exif,
    clips: frames !== undefined,
    signal,
    ...(folder ? { testFraction: 0 } : {}),
  })
  const selected = selectClasses(opened, otherClasses)
  const own = new Set(classNames.map((name) => name.toLowerCase()))
  const shared = selected.classNames.filter((name) => own.has(name.toLowerCase()))
  if (shared.length > 0) {
    warn(
      `of the classes of --other, ${shared.length} are no others, but among those to choose from: ${shared.slice(0, 5).join(', ')}`,
    )
  }
  const { name, train, test } = selected
  return { data: name, classes: otherClasses, images: test.length > 0 ? test : train }
}

/** Scores images of something else beside those of an evaluation. */
export async function measureOther(
  {
    classifier,
    clip,
    evaluation,
    others,
    threshold,
  }: {
    readonly classifier: Classifier
    readonly clip: Clip
    /** Of images of the classes. */
    readonly evaluation: Evaluation
    readonly others: OtherImages
    /** Set before, on other images than these. */
    readonly threshold?: number
  },
  options: { readonly skipBadImages: boolean; readonly signal: AbortSignal },
): Promise<OtherFigures> {
  const { length: classes } = classifier.classNames
  const bar = startProgress('other images', others.images.length)
  // Their labels are of other classes; all that counts here is what the classifier makes of them.
  const images = others.images.map((datum) => new Unlabelled(datum))
  const measured = await evaluateClassifier(classifier, images, {
    ...options,
    onProgress: (done) => bar.update(done),
  }).finally(() => bar.stop())
  for (const message of measured.skipped) warn(message, 'left out')
  const temperature = await conceptTemperature(clip)
  const [known, unknown] = [evaluation, measured].map(({ logits }) =>
    conceptScores(logits, classes, temperature),
  )
  return {
    data: others.data,
    classes: others.classes,
    count: unknown!.length,
    auroc: auroc(known!, unknown!),
    falsePositiveRateAt95: falsePositiveRate(known!, unknown!),
    thresholdAt95: acceptanceThreshold(known!, 0.95),
    atThreshold:
      threshold === undefined
        ? null
        : {
            threshold,
            accepted: shareAccepted(known!, threshold),
            otherAccepted: shareAccepted(unknown!, threshold),
          },
    histogram: scoreHistogram(known!, unknown!),
    skipped: measured.skipped,
  }
}

/** Figures for a person: how well told apart, and a bar for the images of every interval of scores. */
export function otherText(figures: OtherFigures): string {
  const { data, count, auroc, falsePositiveRateAt95, atThreshold, histogram } = figures
  const most = Math.max(...histogram.flatMap(({ known, other }) => [known, other]))
  const bar = (n: number) => '#'.repeat(Math.ceil((20 * n) / most)).padEnd(20)
  const rows = histogram.map(({ from, known, other }) =>
    `  ${from.toFixed(5)}  ${`${known}`.padStart(6)} ${bar(known)}  ${`${other}`.padStart(6)} ${bar(other)}`.trimEnd(),
  )
  const lines = [
    `none of these: ${count} images of ${printable(data)}`,
    `AUROC       ${auroc.toFixed(1)} %`,
    `FPR95       ${falsePositiveRateAt95.toFixed(1)} %`,
  ]
  if (atThreshold) {
    const { threshold, accepted, otherAccepted } = atThreshold
    lines.push(
      `threshold   ${threshold.toFixed(6)} accepts ${accepted.toFixed(1)} % of the classes, ${otherAccepted.toFixed(1)} % of the others`,
    )
  }
  return `\n${lines.join('\n')}\n\n  score      classes                       others\n${rows.join('\n')}\n`
}

/** Expected calibration error in percent, without and with a temperature. */
export interface CalibrationFigures {
  readonly temperature: number
  readonly before: number
  readonly after: number
}

/** Calibration of an evaluation with a temperature that was set on other images. */
export function calibrationOf(
  { logits, labels }: Evaluation,
  classes: number,
  temperature: number,
): CalibrationFigures {
  const error = (values: Float32Array) => expectedCalibrationError(values, labels, classes)
  return { temperature, before: error(logits), after: error(scaledLogits(logits, temperature)) }
}

/** A line of {@link calibrationOf} for a person. */
export const calibrationText = ({ temperature, before, after }: CalibrationFigures): string =>
  `\nECE ${before.toFixed(1)} %, at the run’s temperature of ${temperature.toFixed(2)} ${after.toFixed(1)} %\n`

/** Expected calibration error in percent, as it is and with logits in the range of zero-shot CLIP's. */
export type RangeFigures = Omit<CalibrationFigures, 'temperature'>

/** Calibration of an evaluation and of its logits brought to the range of zero-shot CLIP's on the same images. */
export function rangeCalibrationOf(
  { logits, labels }: Evaluation,
  zeroShot: Evaluation,
  classes: number,
): RangeFigures {
  const error = (values: Float32Array) => expectedCalibrationError(values, labels, classes)
  return { before: error(logits), after: error(rangeNormalised(logits, zeroShot.logits, classes)) }
}

/** A line of {@link rangeCalibrationOf} for a person. */
export const rangeText = ({ before, after }: RangeFigures): string =>
  `\nECE ${before.toFixed(1)} %, with logits in the range of zero-shot CLIP’s ${after.toFixed(1)} %\n`

class Unlabelled implements Datum {
  readonly label = 0
  constructor(private readonly datum: Datum) {}
  get source() {
    return this.datum.source
  }
  get file() {
    return this.datum.file
  }
  get clip() {
    return this.datum.clip
  }
  load() {
    return this.datum.load()
  }
}
