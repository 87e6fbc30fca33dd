import type { ClassSelection } from '../../core/data/base-novel.js'
import type { Dataset } from '../../core/data/dataset.js'
import type { Evaluation } from '../../core/evaluate/evaluate.js'
import type { Model } from '../../core/model.js'

/** A list of test images that a baseline is measured on. */
export interface BaselineTarget {
  readonly name: string
  readonly classes: ClassSelection
  /** The chosen classes alone. */
  readonly images: Dataset
}

/** What a baseline is measured on. */
export interface BaselineContext {
  readonly model: Model
  /** What a baseline may learn from. */
  readonly data: Dataset
  /** Classes, images a class and the seed that draws them, where it does. */
  readonly classes: ClassSelection
  readonly shots: number
  readonly seed: number
  readonly targets: readonly BaselineTarget[]
  readonly skipBadImages: boolean
  readonly signal?: AbortSignal
  /** Progress of a target's images. */
  readonly onProgress?: (target: string, done: number, total: number) => void
}

/** What a baseline reached. */
export interface BaselineOutcome {
  /** By the target's name; targets with classes that the baseline does not know are left out. */
  readonly evaluations: Readonly<Record<string, Evaluation>>
  /** Learned values. */
  readonly parameters: number
}

/** Something that methods are compared with and that trains no prompts. */
export interface Baseline {
  readonly title: string
  readonly paper: string
  /** What it is, in a line. */
  readonly summary: string
  /** Whether it learns from images drawn by seed; where not, it is measured once. */
  readonly seeded: boolean
  measure(context: BaselineContext): Promise<BaselineOutcome>
}
