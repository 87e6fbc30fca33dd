import type { ClassSelection } from '../core/data/base-novel.js'
import type { Dataset } from '../core/data/dataset.js'
import { zeroShotClassifier } from '../core/evaluate/classifier.js'
import { type Evaluation, evaluateClassifier } from '../core/evaluate/evaluate.js'
import { templatesFor } from '../core/evaluate/zero-shot.js'
import type { Model } from '../core/model.js'
import { measureLinearProbe } from '../core/probe/measure-probe.js'

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

/** Zero-shot CLIP with the template of each data set (CLIP paper, section 3.1). */
const zeroShot: Baseline = {
  title: 'zero-shot CLIP',
  paper: 'Radford et al., "Learning transferable visual models from natural language supervision", ICML 2021',
  summary: 'the class names in a template, nothing learned',
  seeded: false,
  async measure({ model, targets, skipBadImages, signal, onProgress }) {
    const { clip, runtime, caches } = model
    const evaluations: Record<string, Evaluation> = {}
    for (const { name, images } of targets) {
      const { classNames, test } = images
      const templates = templatesFor({ kind: 'dataset' }, images)
      await using classifier = await zeroShotClassifier({ clip, runtime, caches, classNames }, templates)
      evaluations[name] = await evaluateClassifier(classifier, test, {
        skipBadImages,
        onProgress: (done, total) => onProgress?.(name, done, total),
        ...(signal ? { signal } : {}),
      })
    }
    return { evaluations, parameters: 0 }
  },
}

/** A linear probe, measured where the classes are those that it learned. */
const linearProbe: Baseline = {
  title: 'linear probe',
  paper: zeroShot.paper,
  summary: 'a logistic regression on frozen image features; knows only the classes it was shown',
  seeded: true,
  async measure({ targets, onProgress, ...context }) {
    const known = targets.filter(
      ({ classes, images }) => classes === context.classes && images.name === context.data.name,
    )
    const { probe, evaluation } = await measureLinearProbe({
      ...context,
      onProgress: ({ done, total }) => onProgress?.(known[0]?.name ?? '', done, total),
    })
    return {
      evaluations: Object.fromEntries(known.map(({ name }) => [name, evaluation])),
      parameters: probe.weights.length + probe.bias.length,
    }
  },
}

/** The baselines by the name that `--methods` takes; a table row each. */
export const baselines: Readonly<Record<string, Baseline>> = {
  'zero-shot': zeroShot,
  'linear-probe': linearProbe,
}

/** The baseline of that name; undefined for a method that trains prompts. */
export const baselineNamed = (name: string): Baseline | undefined =>
  Object.hasOwn(baselines, name) ? baselines[name] : undefined
