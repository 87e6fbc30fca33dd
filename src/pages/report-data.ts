import type { CalibrationBin, Metrics } from '../core/evaluate/metrics.js'
import type { ClassProbability } from '../core/evaluate/predict.js'
import type { RgbImage } from '../core/image/resize.js'
import type { ContextPrompt } from '../core/interpret/context-words.js'
import type { ImageAttention } from '../core/interpret/image-attention.js'
import type { OtherData } from './score-histogram.js'

/** 95 % confidence interval of a mean; null for one run. */
export type Interval = readonly [low: number, high: number] | null

/** A method's accuracies in percent, with their spread over seeds. */
export interface HeadlineRow {
  readonly method: string
  readonly base: number
  /** Null where the method knows only the classes that it was shown. */
  readonly novel: number | null
  readonly hm: number | null
  /** Sample standard deviations; null where there is no spread to speak of, as of one run. */
  readonly std: { readonly base: number | null; readonly novel: number | null; readonly hm: number | null }
  readonly intervals?: { readonly base: Interval; readonly novel: Interval; readonly hm: Interval }
  /** Single runs, for the plane of base and novel accuracy. */
  readonly runs?: readonly { readonly base: number; readonly novel: number }[]
  readonly costs?: {
    /** Learned values. */
    readonly parameters: number
    /** Median time of a training step; null where nothing was trained by steps. */
    readonly stepSeconds: number | null
    /** In 10^6 bytes. */
    readonly peakMemoryMB: number
  }
}

/** What one method is beyond another by pairs, in points of percent. */
export interface PairedDifference {
  readonly mean: number
  readonly interval: Interval
  /** Of every pair. */
  readonly values: readonly number[]
}

/** One method minus each other. */
export interface Differences {
  /** The method that the others are taken from. */
  readonly minuend: string
  readonly rows: readonly {
    readonly other: string
    readonly base: PairedDifference
    readonly novel: PairedDifference | null
    readonly hm: PairedDifference | null
  }[]
  readonly note: string
}

/** Base and novel accuracy by method. */
export interface Headline {
  readonly rows: readonly HeadlineRow[]
  /** The method of one of the rows, with which the others are compared. */
  readonly reference?: string
  readonly differences?: Differences
  /** Methods of rows that were not measured but are printed elsewhere: rings in the plane. */
  readonly printed?: readonly { readonly method: string; readonly labelled: boolean }[]
  readonly note: string
}

/** A quantity over epochs: a value an epoch in every run (one run a seed). */
export interface Curve {
  readonly name: string
  readonly runs: readonly (readonly number[])[]
}

/** An image with what a classifier says of it, likeliest class first. */
export interface Sample {
  readonly image: RgbImage
  readonly truth: string
  readonly classes: readonly ClassProbability[]
}

/** Figures of one evaluation. */
export interface EvaluationData {
  readonly caption: string
  readonly classNames: readonly string[]
  readonly metrics: Metrics
  readonly calibration?: readonly CalibrationBin[]
}

/** Images as frozen CLIP and as the prompted model see them, or why there are none. */
export type AttentionData =
  | { readonly caption: string; readonly items: readonly [ImageAttention, ...ImageAttention[]] }
  | { readonly absent: string }

/** What a report shows; a section is there when its data is. All text is escaped. */
export interface ReportData {
  readonly title: string
  readonly subtitle: string
  /** When the report was made, ISO 8601. */
  readonly date: string
  readonly headline?: Headline
  readonly samples?: { readonly caption: string; readonly items: readonly Sample[] }
  /** Images of classes that were never trained, each among the trained ones and its own. */
  readonly added?: { readonly caption: string; readonly items: readonly Sample[] }
  /** Vocabulary words near the learned context vectors. */
  readonly context?: { readonly caption: string; readonly prompts: readonly ContextPrompt[] }
  /** Images with what the image tower looks at before and after prompting. */
  readonly attention?: AttentionData
  readonly training?: {
    readonly caption: string
    /** The loss and its terms, weighted, mean over each epoch. */
    readonly losses?: readonly Curve[]
    /** Accuracy on the augmented training images, in percent. */
    readonly accuracies?: readonly Curve[]
    /** Of every epoch. */
    readonly learningRates?: readonly number[]
  }
  readonly evaluation?: EvaluationData
  /** Scores of the evaluated images beside those of something else. */
  readonly others?: OtherData
  /** What to read the figures with. */
  readonly notes?: readonly string[]
  /** Tables of settings and of the machine, by heading. */
  readonly facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}
