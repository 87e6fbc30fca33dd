import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { type PromptedTextOptions, promptedText, type TextPrompts } from '../clip/prompted-text.js'
import { photoTemplate } from '../clip/templates.js'
import { ConfigError } from '../errors.js'
import {
  concat,
  gemm,
  l2Normalize,
  logSoftmax,
  matmul,
  mean,
  mul,
  neg,
  reshape,
  sub,
  sum,
  swapLast,
  type Tensor,
  zeros,
} from '../graph/index.js'
import type {
  ClassHead,
  Configuration,
  LossTerms,
  ParameterSpec,
  Prompts,
  Step,
  StepFeatures,
  StepInputs,
} from './method.js'

/** The option of methods that encode each class by one text. */
export const classTemplate = z
  .string()
  .default(photoTemplate)
  .describe('text of a class, with {} for its name')

/** What an objective of prompts is computed from. */
export interface PromptedFeatures extends StepFeatures {
  /** One-hot labels: [B, classes]. */
  readonly labels: Tensor
  /** exp(logit_scale), a scalar. */
  readonly logitScale: Tensor
  /** L2-normalised features by every prompt of a set: [K, classes, embedDim]. */
  readonly textSet: Tensor
  /** L2-normalised features of the set's prompts without a class name: [K, embedDim]. */
  readonly nameless: Tensor
  /** Features by frozen CLIP, its text features those of the method's teacher. */
  readonly frozen: StepFeatures
}

/** What a method of prompts says of itself. */
export interface PromptedMethod extends Pick<Configuration, 'draws' | 'teacher' | 'adamW'> {
  readonly parameters: readonly ParameterSpec[]
  readonly prompts: NonNullable<Configuration['prompts']>
  /** Default: cross-entropy. */
  readonly objective?: (features: PromptedFeatures) => LossTerms
}

/** Texts that are encoded at once where each image has its own. */
const CONDITIONAL_TEXTS = 2048

/**
 * A method whose learned tensors are prompts of CLIP's towers, and whose logits are the cosines of the features that
 * come out, times exp(logit_scale): all but the prompts and the objective follows from this.
 */
export function promptedFeatures(
  clip: Clip,
  trained: readonly string[],
  { parameters, prompts, objective = crossEntropyAlone, ...given }: PromptedMethod,
): Configuration {
  return {
    ...given,
    parameters,
    prompts,

    step({ images, labels, parameter, drawn, frozen, classesAtOnce }: StepInputs): Step {
      const entering = prompts(parameter, drawn)
      const image = promptedImage(clip, images, entering)
      const sets = textPrompts(entering, image)
      const textSet = textFeatureSet(clip, sets, trained, {
        classesAtOnce,
        ...(readsFrozen(sets) ? { frozen: frozen.text } : {}),
      })
      const features = withLogits(clip, classWeights(textSet, isConditional(entering)), image)
      const terms = objective({
        ...features,
        labels,
        logitScale: clip.logitScale(),
        textSet,
        frozen,
        get nameless() {
          return reshape(textFeatureSet(clip, sets, ['']), [textSet.dim(0), -1])
        },
      })
      return { ...features, terms, inspect: { context: sets[0]!.context } }
    },

    head(classNames): ClassHead {
      const symbols = new Map(parameters.map(({ name, shape }) => [name, zeros(shape)]))
      const { text, visual } = prompts((name) => symbols.get(name)!)
      const conditional = typeof text === 'function'
      if (!conditional && text.some(({ each }) => each === 'class')) checkClasses(trained, classNames)
      const weights = (entering: Prompts, image: Tensor, frozen?: Tensor) =>
        classWeights(textFeatureSet(clip, textPrompts(entering, image), classNames, { frozen }), conditional)
      return {
        ...(conditional
          ? { batchSize: Math.max(1, Math.floor(CONDITIONAL_TEXTS / classNames.length)) }
          : {
              text: (parameter, frozen) =>
                weights(prompts(parameter), zeros([1, clip.config.embedDim]), frozen),
              ...(readsFrozen(text) ? { teacher: given.teacher } : {}),
            }),
        features: visual ? undefined : frozenFeatures(clip),
        cosine: !conditional,
        classify(images, parameter, text) {
          const entering = prompts(parameter)
          const image = visual ? promptedImage(clip, images, entering) : l2Normalize(images)
          return withLogits(clip, text ?? weights(entering, image), image)
        },
      }
    },
  }
}

/** Frozen CLIP's image features, not normalised: [B, embedDim]. */
export const frozenFeatures = (clip: Clip): NonNullable<ClassHead['features']> => ({
  width: clip.config.embedDim,
  tower: (images) => clip.imageFeatures(images),
})

/** Class-specific contexts know the trained classes alone. */
function checkClasses(trained: readonly string[], classNames: readonly string[]): void {
  if (trained.join('\n') === classNames.join('\n')) return
  const other = classNames.find((name) => !trained.includes(name))
  throw new ConfigError(
    other === undefined
      ? `the prompts have a context of its own for each of ${trained.length} classes in their order; found ${classNames.length} classes`
      : `there is no context for class "${other}": the prompts were trained with a context of its own for each class`,
    {
      hint: 'Evaluate on the trained classes, or train without classSpecific to recognise others.',
    },
  )
}

/** The text prompts for images: those of a set, or those that images condition. */
export function textPrompts(prompts: Prompts, image: Tensor): readonly TextPrompts[] {
  return typeof prompts.text === 'function' ? [prompts.text(image)] : prompts.text
}

/** Whether prompts are made of the classes' frozen text features. */
const readsFrozen = (sets: readonly TextPrompts[]): boolean => sets.some(({ own }) => own !== undefined)

/** True where the text features depend on the image. */
const isConditional = (prompts: Prompts): boolean => typeof prompts.text === 'function'

/**
 * L2-normalised text features of the classes by every prompt of all sets: [K, classes, embedDim], where K is the number
 * of prompts, or of the images that condition them. Class names of '' give the prompts without a class name.
 */
export function textFeatureSet(
  clip: Clip,
  sets: readonly TextPrompts[],
  classNames: readonly string[],
  options: PromptedTextOptions = {},
): Tensor {
  const features = sets.map((set) => {
    const rows = l2Normalize(promptedText(clip, set, classNames, options))
    return rows.rank === 3 ? rows : reshape(rows, [1, ...rows.shape])
  })
  return features.length === 1 ? features[0]! : concat(features, 0)
}

/** The classes' weights out of a feature set: the mean over prompts, or one set an image where images condition them. */
function classWeights(set: Tensor, conditional: boolean): Tensor {
  if (conditional) return set
  return set.dim(0) === 1 ? reshape(set, set.shape.slice(1)) : mean(set, [0])
}

/** Normalised image features under prompts, or of frozen CLIP without: [B, embedDim]. */
export function promptedImage(clip: Clip, images: Tensor, prompts?: Prompts): Tensor {
  return l2Normalize(clip.imageFeatures(images, prompts?.visual))
}

/**
 * Logits exp(logit_scale) * image text^T.
 *
 * @param text class weights [classes, embedDim], or [B, classes, embedDim] where each image has its own
 * @param image normalised features [B, embedDim]
 */
export function withLogits(clip: Clip, text: Tensor, image: Tensor): StepFeatures {
  const similarity =
    text.rank === 2
      ? gemm(image, text, { transB: true })
      : reshape(matmul(reshape(image, [image.dim(0), 1, -1]), swapLast(text)), [image.dim(0), -1])
  return { text, image, logits: mul(similarity, clip.logitScale()) }
}

/** Mean over the batch of -log softmax(logits)[label]; logits and one-hot labels [B, classes]. */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  return neg(mean(sum(mul(logSoftmax(logits), labels), [-1])))
}

/** Mean over rows of 1 - cos of L2-normalised rows [n, width]. */
export function cosineDistance(a: Tensor, b: Tensor): Tensor {
  return sub(1, mean(sum(mul(a, b), [-1])))
}

const crossEntropyAlone = ({ logits, labels }: PromptedFeatures): LossTerms => ({
  total: crossEntropy(logits, labels),
})
