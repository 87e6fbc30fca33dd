import type { Clip } from '../core/clip/clip.js'
import { type ClassSelection, selectClasses } from '../core/data/base-novel.js'
import type { Datum } from '../core/data/dataset.js'
import type { Classifier } from '../core/evaluate/classifier.js'
import { type Evaluation, evaluateClassifier } from '../core/evaluate/evaluate.js'
import { acceptanceThreshold, conceptScores, conceptTemperature } from '../core/evaluate/none-of-these.js'
import {
  auroc,
  falsePositiveRate,
  type ScoreBin,
  scoreHistogram,
  shareAccepted,
} from '../core/evaluate/open-set.js'
import { type DataOptions, openData } from './data.js'
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

/** Images of --other: the test images, or the training images where there are no others. */
export async function openOther(
  { other, otherClasses }: OtherFlags,
  options: DataOptions,
): Promise<{ name: string; classes: ClassSelection; images: readonly Datum[] } | undefined> {
  if (other === undefined) return undefined
  const { name, test, train } = selectClasses(await openData(other, options), otherClasses)
  return { name, classes: otherClasses, images: test.length > 0 ? test : train }
}

/** Scores images of something else beside those of an evaluation. */
export async function measureOther(
  {
    classifier,
    clip,
    evaluation,
    threshold,
  }: {
    classifier: Classifier
    clip: Clip
    /** Of images of the classes. */
    evaluation: Evaluation
    /** Set before on other images. */
    threshold?: number | undefined
  },
  other: { name: string; classes: ClassSelection; images: readonly Datum[] },
  options: { skipBadImages: boolean; signal: AbortSignal },
): Promise<OtherFigures> {
  const { length: classes } = classifier.classNames
  const bar = startProgress('other images', other.images.length)
  // Their labels are of other classes; all that counts here is what the classifier makes of them.
  const images = other.images.map((datum) => new Unlabelled(datum))
  const measured = await evaluateClassifier(classifier, images, {
    ...options,
    onProgress: (done) => bar.update(done),
  }).finally(() => bar.stop())
  for (const message of measured.skipped) warn(message, 'left out')
  const temperature = await conceptTemperature(clip)
  const [known, others] = [evaluation, measured].map(({ logits }) =>
    conceptScores(logits, classes, temperature),
  )
  return {
    data: other.name,
    classes: other.classes,
    count: others!.length,
    auroc: auroc(known!, others!),
    falsePositiveRateAt95: falsePositiveRate(known!, others!),
    thresholdAt95: acceptanceThreshold(known!, 0.95),
    atThreshold:
      threshold === undefined
        ? null
        : {
            threshold,
            accepted: shareAccepted(known!, threshold),
            otherAccepted: shareAccepted(others!, threshold),
          },
    histogram: scoreHistogram(known!, others!),
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
    `none of these: ${count} images of ${data}`,
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

class Unlabelled implements Datum {
  readonly label = 0
  constructor(private readonly datum: Datum) {}
  get source() {
    return this.datum.source
  }
  get file() {
    return this.datum.file
  }
  load() {
    return this.datum.load()
  }
}
