import { div, GraphError, gradients, input, l2Normalize, mul, reshape, type Tensor } from '../graph/index.js'
import {
  type ConfiguredMethod,
  exampleWidth,
  type ParameterSpec,
  type StepFeatures,
} from '../methods/method.js'
import { promptedImage, withLogits } from '../methods/prompted-features.js'
import { randomStream } from '../random.js'

/** What one training step is compiled from. */
export interface StepGraphOptions {
  readonly method: ConfiguredMethod
  /** The method's parameters, with all sizes known. */
  readonly parameters: readonly ParameterSpec[]
  readonly batchSize: number
  /** Training images a class, on average; 0 where it is not known. */
  readonly shots: number
  /** Classes whose texts are encoded at once, to take less memory. Default: all. */
  readonly classesAtOnce?: number | undefined
  /** Read the images' frozen features as an input instead of computing them. */
  readonly frozenImages?: boolean | undefined
  /** Read a factor of the loss as an input, by which gradients are divided again: see {@link LOSS_SCALE}. */
  readonly scalesLoss?: boolean | undefined
  /** Put out features and the (first) context as well. */
  readonly inspect?: boolean
}

/** Prefix of the gradients' names among the outputs. */
export const GRADIENT = 'grad.'
/** Prefix of the loss terms' names among the outputs. */
export const TERM = 'loss.'

/** Prefix of the names of inputs that a method draws for every step. */
export const DRAWN = 'drawn.'

/** Prefix of the names of inputs that are computed once. */
export const ONCE = 'once.'

/** Name of the input for the teacher's text features. */
export const TEACHER = 'teacher_text'

/** Name of the input for the images' frozen features. */
export const FROZEN_IMAGES = 'frozen_images'

/**
 * Name of the input for a factor of the loss, a scalar [1]: in half precision the gradients of single values would vanish without
 * it (Micikevicius et al., "Mixed Precision Training", 2018, section 3.2).
 */
export const LOSS_SCALE = 'loss_scale'

/** Whether steps are given another value of this input each: else it is what is learned or what all of them read. */
export const variesByStep = (name: string, { drawsTemplate = false }: ConfiguredMethod): boolean =>
  ['images', 'labels', FROZEN_IMAGES].includes(name) ||
  name.startsWith(DRAWN) ||
  (name === TEACHER && drawsTemplate)

/**
 * One training step as a graph: inputs `images` ([B, 3, R, R], of clips [B, 3 frames, R, R], or the method's features [B, width]), `labels` (one-hot,
 * [B, classes]), the teacher's text features before normalising [classes, embedDim] where there is one, frozen features of
 * the images before normalising [B, embedDim] where they are not computed here, what the method draws or has computed once, and the parameters by name; outputs the loss terms, the logits and a gradient for each parameter that is
 * trained by steps.
 */
export function stepGraph(options: StepGraphOptions): Record<string, Tensor> {
  const { method, parameters, batchSize, shots, classesAtOnce } = options
  const { clip, classNames } = method
  const width = exampleWidth(method)
  const images = input('images', width ? [batchSize, width] : [batchSize, ...clip.imageTower.inputs])
  const labels = input('labels', [batchSize, classNames.length])
  const learned = new Map(parameters.map(({ name, shape }) => [name, input(name, shape)]))
  const draws = method.draws?.(randomStream(0)) ?? {}
  const { terms, text, image, logits, inspect } = method.step({
    images,
    labels,
    parameter: (name) => learned.get(name)!,
    drawn: (name) => input(DRAWN + name, draws[name]!.shape),
    once: (name) => input(ONCE + name, method.once![name]!.shape),
    frozen: frozenFeatures(method, images, options.frozenImages),
    shots,
    classesAtOnce,
  })
  const names = trainedNames(method, parameters)
  const scale = options.scalesLoss ? reshape(input(LOSS_SCALE, [1]), []) : undefined
  const found = gradients(
    scale ? mul(reshape(terms.total, []), scale) : terms.total,
    names.map((name) => learned.get(name)!),
  )
  const grads = scale ? found.map((grad) => div(grad, scale)) : found
  return {
    ...Object.fromEntries(Object.entries(terms).map(([name, term]) => [TERM + name, term])),
    ...Object.fromEntries(names.map((name, i) => [GRADIENT + name, grads[i]!])),
    logits,
    ...(options.inspect ? { text, image, ...inspect } : {}),
  }
}

/** Features by frozen CLIP, made when they are read. */
function frozenFeatures(method: ConfiguredMethod, images: Tensor, given = false): StepFeatures {
  const { clip, classNames, teacher } = method
  const features = exampleWidth(method) !== undefined
  let made: StepFeatures | undefined
  const text = () => {
    if (!teacher) throw new GraphError(`${method.method.name} reads frozen features but names no teacher`)
    return l2Normalize(input(TEACHER, [classNames.length, clip.config.embedDim]))
  }
  const all = () => {
    if (features)
      throw new GraphError(`${method.method.name} reads frozen images, but its steps take features`)
    const image = () =>
      given
        ? l2Normalize(input(FROZEN_IMAGES, [images.dim(0), clip.config.embedDim]))
        : promptedImage(clip, images)
    made ??= withLogits(clip, text(), image())
    return made
  }
  return {
    get text() {
      return features ? text() : all().text
    },
    get image() {
      return all().image
    },
    get logits() {
      return all().logits
    },
  }
}

/** What steps train: nothing where the solution is in closed form. */
function trainedNames({ method }: ConfiguredMethod, parameters: readonly ParameterSpec[]): string[] {
  if (method.learning === 'closed form') return []
  return parameters.filter(({ trained = true }) => trained).map(({ name }) => name)
}
