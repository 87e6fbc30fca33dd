import { selectClasses } from '../data/base-novel.js'
import type { Dataset } from '../data/dataset.js'
import { zeroShotClassifier } from '../evaluate/classifier.js'
import { type Evaluation, evaluateClassifier } from '../evaluate/evaluate.js'
import { templatesFor } from '../evaluate/zero-shot.js'
import type { Model } from '../model.js'
import { measureLinearProbe } from '../probe/measure-probe.js'

/** What a baseline is measured on. */
export interface BaselineContext {
  readonly model: Model
  readonly data: Dataset
  /** Images a class that a baseline may learn from, and the seed that draws them. */
  readonly shots: number
  readonly seed: number
  readonly skipBadImages: boolean
  readonly signal?: AbortSignal
}

/** What a baseline reached. */
export interface BaselineOutcome {
  /** Accuracy in percent among base and among novel classes; novel only where the baseline knows classes it was not shown. */
  readonly accuracies: { readonly base: number; readonly novel?: number }
  /** What the accuracies were computed from, for pictures in reports. */
  readonly evaluations?: { readonly base?: Evaluation; readonly novel?: Evaluation }
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

const zeroShot: Baseline = {
  title: 'zero-shot CLIP',
  paper: 'Radford et al., "Learning transferable visual models from natural language supervision", ICML 2021',
  summary: 'the class names in a template, nothing learned',
  seeded: false,
  async measure({ model, data, skipBadImages, signal }) {
    const { clip, runtime } = model
    const templates = templatesFor({ kind: 'dataset' }, data.name)
    const evaluate = async (selection: 'base' | 'novel') => {
      const { classNames, test } = selectClasses(data, selection)
      const classifier = await zeroShotClassifier({ clip, runtime, classNames }, templates)
      const evaluation = await evaluateClassifier(classifier, test, {
        resolution: clip.resolution,
        skipBadImages,
        ...(signal ? { signal } : {}),
      })
      await classifier.release()
      return evaluation
    }
    const base = await evaluate('base')
    const novel = await evaluate('novel')
    return {
      accuracies: { base: base.metrics.accuracy, novel: novel.metrics.accuracy },
      evaluations: { base, novel },
      parameters: 0,
    }
  },
}

const linearProbe: Baseline = {
  title: 'linear probe',
  paper: zeroShot.paper,
  summary: 'a logistic regression on frozen image features; knows only the classes it was shown',
  seeded: true,
  async measure(context) {
    const { probe, evaluation } = await measureLinearProbe({ ...context, classes: 'base' })
    return {
      accuracies: { base: evaluation.metrics.accuracy },
      evaluations: { base: evaluation },
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
