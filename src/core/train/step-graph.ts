import type { Clip } from '../clip/clip.js'
import { GraphError, gradients, input, l2Normalize, reshape, type Tensor } from '../graph/index.js'
import type { Method, Objective, ParameterSpec } from '../methods/method.js'
import {
  classWeights,
  isConditional,
  promptedImage,
  textFeatureSet,
  textPrompts,
  withLogits,
} from '../methods/prompted-clip.js'
import { randomStream } from '../random.js'

/** What one training step is compiled from. */
export interface StepGraphOptions {
  readonly clip: Clip
  readonly method: Method
  readonly methodOptions: unknown
  readonly parameters: readonly ParameterSpec[]
  readonly classNames: readonly string[]
  /** Whether the method reads frozen features. */
  readonly teacher: boolean
  readonly batchSize: number
  /** Put out features and the (first) context as well. */
  readonly inspect?: boolean
}

/** Prefix of the gradients' names among the outputs. */
export const GRADIENT = 'grad.'
/** Prefix of the loss terms' names among the outputs. */
export const TERM = 'loss.'

/** Prefix of the names of inputs that a method draws for every step. */
export const DRAWN = 'drawn.'

/** Name of the input for the teacher's text features. */
export const TEACHER = 'teacher_text'

/**
 * One training step as a graph: inputs `images` [B, 3, R, R], `labels` (one-hot, [B, classes]), the teacher's text
 * features before normalising [classes, embedDim] where there is one, what the method draws, and the parameters by
 * name; outputs the loss
 * terms, the logits and a gradient a parameter.
 */
export function stepGraph(options: StepGraphOptions): Record<string, Tensor> {
  const { clip, method, methodOptions, parameters, classNames, teacher, batchSize } = options
  const { resolution } = clip
  const classes = classNames.length
  const images = input('images', [batchSize, 3, resolution, resolution])
  const labels = input('labels', [batchSize, classes])
  const learned = new Map(parameters.map(({ name, shape }) => [name, input(name, shape)]))
  const draws = method.draws?.(methodOptions, randomStream(0)) ?? {}
  const drawn = (name: string) => input(DRAWN + name, draws[name]!.shape)
  const prompts = method.prompts(methodOptions, clip, (name) => learned.get(name)!, drawn)
  const image = promptedImage(clip, images, prompts)
  const sets = textPrompts(prompts, image)
  const textSet = textFeatureSet(clip, sets, classNames)
  const prompted = withLogits(clip, classWeights(textSet, isConditional(prompts)), image)
  const frozen = teacher
    ? withLogits(
        clip,
        l2Normalize(input(TEACHER, [classes, clip.config.embedDim])),
        promptedImage(clip, images),
      )
    : undefined
  const features: Objective = {
    ...prompted,
    labels,
    logitScale: clip.logitScale(),
    textSet,
    get nameless() {
      return reshape(textFeatureSet(clip, sets, ['']), [textSet.dim(0), -1])
    },
    get frozen() {
      if (!frozen) throw new GraphError(`${method.name} reads frozen features but names no teacher templates`)
      return frozen
    },
  }
  const terms = method.objective(methodOptions, features)
  const names = [...learned.keys()]
  const grads = gradients(terms.total, [...learned.values()])
  return {
    ...Object.fromEntries(Object.entries(terms).map(([name, term]) => [TERM + name, term])),
    ...Object.fromEntries(names.map((name, i) => [GRADIENT + name, grads[i]!])),
    logits: prompted.logits,
    ...(options.inspect ? { text: prompted.text, image: prompted.image, context: sets[0]!.context } : {}),
    ...(options.inspect && frozen
      ? { frozenText: frozen.text, frozenImage: frozen.image, frozenLogits: frozen.logits }
      : {}),
  }
}
