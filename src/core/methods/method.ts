import type { ZodObject, ZodType } from 'zod'
import type { Clip } from '../clip/clip.js'
import type { TextPrompts } from '../clip/prompted-text.js'
import type { VisualPrompts } from '../clip/towers/tower.js'
import type { HostTensor, Tensor } from '../graph/index.js'
import type { RandomStream } from '../random.js'
import type { GaussianAggregationOptions } from './gaussian-aggregation.js'

/** A learnable tensor, named as in the reference's state dict. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** Initial values, row-major. */
  init(random: RandomStream): Float32Array | Promise<Float32Array>
  /** Name of its random stream; default: its own. Tensors of one stream start from the same draws. */
  readonly stream?: string
}

/** Where learnable tensors enter the towers. */
export interface Prompts {
  /**
   * Prompts of the text tower. Several sets may differ in where the class name stands. A function makes them
   * conditional on L2-normalised image features [B, embedDim]: K is then B, a prompt an image.
   */
  readonly text: readonly TextPrompts[] | ((image: Tensor) => TextPrompts)
  readonly visual?: VisualPrompts
}

/** Features of one step. */
export interface StepFeatures {
  /**
   * L2-normalised text features of the classes: [classes, embedDim]; of prompts conditional on the image
   * [B, classes, embedDim]; of a set of prompts their mean over the set.
   */
  readonly text: Tensor
  /** L2-normalised: [B, embedDim]. */
  readonly image: Tensor
  /** exp(logit_scale) * image text^T: [B, classes] */
  readonly logits: Tensor
}

/** What an objective is computed from. */
export interface Objective extends StepFeatures {
  /** One-hot labels: [B, classes]. */
  readonly labels: Tensor
  /** exp(logit_scale), a scalar. */
  readonly logitScale: Tensor
  /** L2-normalised features by every prompt of a set: [K, classes, embedDim]. */
  readonly textSet: Tensor
  /** L2-normalised features of the set's prompts without a class name: [K, embedDim]. */
  readonly nameless: Tensor
  /** Features by frozen CLIP; its text features come from the method's teacher templates. */
  readonly frozen: StepFeatures
}

/** Training settings of a method's published configuration. */
export interface TrainingDefaults {
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly shots: number
}

/** Named scalar terms; `total` is minimised, the others are logged. */
export type LossTerms = Readonly<Record<string, Tensor>> & { readonly total: Tensor }

/**
 * A prompt-learning method: its parameters, where they enter CLIP, and its objective. Optimizer, schedule,
 * checkpoints, evaluation and export are shared by all methods.
 */
export interface Method<O = unknown> {
  /** Name on the command line. */
  readonly name: string
  readonly title: string
  readonly paper: string
  /** One sentence for lists and help texts. */
  readonly summary: string
  /** Options with their published defaults. */
  readonly options: ZodObject & ZodType<O>
  readonly defaults: TrainingDefaults
  /** Options that count blocks of a tower: the smallest tower named is their limit. */
  readonly depths?: Readonly<Record<string, readonly ('text' | 'image')[]>>
  /** Throws ConfigError where an option that was given would be passed over, as the reference passes over it. */
  checkGiven?(given: Partial<O>, options: O): void
  /**
   * @param classes number of classes trained on
   * @throws ConfigError where options and model do not go together
   */
  parameters(options: O, clip: Clip, classes: number): ParameterSpec[]
  /** What is drawn anew for every training step, by name; shapes are the same for every draw. */
  draws?(options: O, random: RandomStream): Readonly<Record<string, HostTensor>>
  /** @param drawn a step's {@link draws}; absent in evaluation */
  prompts(
    options: O,
    clip: Clip,
    parameter: (name: string) => Tensor,
    drawn?: (name: string) => Tensor,
  ): Prompts
  objective(options: O, features: Objective): LossTerms
  /** Templates whose frozen text features, averaged, are the teacher's; undefined where frozen CLIP is not used. */
  teacherTemplates?(options: O): readonly string[] | undefined
  /** Aggregation of the prompts over epochs, where the method has it. */
  aggregation?(options: O): GaussianAggregationOptions | undefined
}
