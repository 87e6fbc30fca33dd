import { photoTemplate } from '../clip/templates.js'
import type { Dataset } from '../data/dataset.js'
import { zeroShotClassifier } from '../evaluate/classifier.js'
import { type Evaluation, evaluateClassifier } from '../evaluate/evaluate.js'
import type { Model } from '../model.js'
import type { Target } from '../units/run-unit.js'

/** What a baseline is measured on. */
export interface BaselineContext {
  readonly model: Model
  /** What a baseline may learn from. */
  readonly data: Dataset
  readonly targets: readonly Target[]
  /** Images a class that a baseline may learn from, and the seed that draws them. */
  readonly shots: number
  readonly seed: number
  readonly skipBadImages: boolean
  readonly signal?: AbortSignal
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
  /** Whether it learns from images drawn by seed; where not, it is measured once. */
  readonly seeded: boolean
  measure(context: BaselineContext): Promise<BaselineOutcome>
}

const zeroShot: Baseline = {
  title: 'zero-shot CLIP',
  seeded: false,
  async measure({ model, targets, skipBadImages, signal }) {
    const { clip, runtime, caches } = model
    const evaluations: Record<string, Evaluation> = {}
    for (const { name, images } of targets) {
      const { classNames, test } = images
      const classifier = await zeroShotClassifier({ clip, runtime, caches, classNames }, [photoTemplate])
      evaluations[name] = await evaluateClassifier(classifier, test, {
        resolution: clip.resolution,
        skipBadImages,
        ...(signal ? { signal } : {}),
      })
      await classifier.release()
    }
    return { evaluations, parameters: 0 }
  },
}

/** The baselines by the name that `--methods` takes; a table row each. */
export const baselines: Readonly<Record<string, Baseline>> = { 'zero-shot': zeroShot }

/** The baseline of that name; undefined for a method that trains prompts. */
export const baselineNamed = (name: string): Baseline | undefined =>
  Object.hasOwn(baselines, name) ? baselines[name] : undefined
