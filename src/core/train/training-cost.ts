import { textFlops } from '../clip/shared-prefixes.js'
import { graphCost, input } from '../graph/index.js'
import type { ConfiguredMethod, FeatureInputs } from '../methods/method.js'
import { FEATURE_BATCH } from './feature-examples.js'
import { type FittedStep, stepBytes } from './step-memory.js'

/** What a training will take, told from shapes: nothing is computed, and what caches hold is not known. */
export interface TrainingCost {
  /** Floating-point operations in products: of the steps, of frozen features of images, of texts. */
  readonly flops: { readonly steps: number; readonly images: number; readonly texts: number }
  /** Operators that all steps apply. */
  readonly applications: number
  readonly steps: number
  /** Estimate of the process's peak memory, in bytes. */
  readonly memory: number
}

/** How fast a machine is. */
export interface MachineRate {
  /** Operations a second in plain matrix products of the model's sizes. */
  readonly flops: number
}

/** Share of the rate of plain products that whole towers reach (ViT-B/16, 10 to 500 classes). */
const SHARE = 0.85
/** Seconds that an operator takes beside its products. */
const APPLICATION = 8e-6

/** What is known of a training before it begins. */
export interface TrainingOutline {
  readonly method: ConfiguredMethod
  readonly step: FittedStep
  /** Training images, or sentences. */
  readonly examples: number
  /** The sentences, where these are what is learned from. */
  readonly sentences?: readonly string[] | undefined
  readonly stepsPerEpoch: number
  readonly epochsLeft: number
  /** Frozen features of the images that are computed once a view, where steps are given them. */
  readonly frozen?: FeatureInputs | undefined
}

/** The cost of a training that has not begun. */
export function trainingCost(outline: TrainingOutline): TrainingCost {
  const { method, step, stepsPerEpoch, epochsLeft } = outline
  const steps = stepsPerEpoch * epochsLeft
  const texts = method.teacher && textFlops(method.clip, method.classNames, method.teacher.templates)
  const sentences = outline.sentences ? textFlops(method.clip, outline.sentences, ['{}']).alone : 0
  return {
    flops: {
      steps: steps * step.graph.flops,
      images: featureFlops(outline),
      texts: sentences + (texts ? Math.min(texts.alone, texts.shared) : 0),
    },
    applications: steps * step.graph.applications,
    steps,
    memory: stepBytes(step.graph),
  }
}

/** Of the views that are looked at: all of them in closed form, one an epoch in turn else. */
function featureFlops({ method, examples, epochsLeft, frozen }: TrainingOutline): number {
  const { clip, features = frozen } = method
  if (!features) return 0
  const tower = graphCost({
    features: features.tower(input('images', [FEATURE_BATCH, ...clip.imageTower.inputs])),
  })
  const closed = method.method.learning === 'closed form'
  const views = closed ? features.views : Math.min(features.views, epochsLeft)
  return views * Math.ceil(examples / FEATURE_BATCH) * tower.flops
}

/** Seconds that a training will about take on a machine; less where caches hold the teacher's texts. */
export function secondsOf({ flops, applications }: TrainingCost, { flops: rate }: MachineRate): number {
  const all = flops.steps + flops.images + flops.texts
  return all / (SHARE * rate) + applications * APPLICATION
}

/** Of two stages, one behind the other. */
export function sumOfCosts(a: TrainingCost, b: TrainingCost): TrainingCost {
  return {
    flops: {
      steps: a.flops.steps + b.flops.steps,
      images: a.flops.images + b.flops.images,
      texts: a.flops.texts + b.flops.texts,
    },
    applications: a.applications + b.applications,
    steps: a.steps + b.steps,
    memory: Math.max(a.memory, b.memory),
  }
}
