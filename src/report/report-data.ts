import type { RgbImage } from '../data/image.js'
import type { Metrics } from '../evaluate/metrics.js'
import type { ClassProbability } from '../evaluate/predict.js'

/** A method's accuracies in percent, with their spread over seeds. */
export interface HeadlineRow {
  readonly method: string
  readonly base: number
  readonly novel: number
  readonly hm: number
  readonly std: { readonly base: number; readonly novel: number; readonly hm: number }
}

/** A line of a chart: a value an epoch. */
export interface Curve {
  readonly name: string
  readonly values: readonly number[]
}

/** An image with what a classifier says of it. */
export interface Sample {
  readonly image: RgbImage
  readonly truth: string
  readonly classes: readonly ClassProbability[]
}

/** What a report shows; a section is there when its data is. All text is escaped. */
export interface ReportData {
  readonly title: string
  readonly subtitle: string
  readonly headline?: { readonly rows: readonly HeadlineRow[]; readonly note: string }
  /** Loss terms, mean over each epoch. */
  readonly losses?: readonly Curve[]
  /** Accuracy on the augmented training images, in percent. */
  readonly accuracies?: readonly Curve[]
  readonly samples?: { readonly caption: string; readonly items: readonly Sample[] }
  readonly evaluation?: {
    readonly caption: string
    readonly classNames: readonly string[]
    readonly metrics: Metrics
  }
  /** Tables of settings and of the machine, by heading. */
  readonly facts: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}
