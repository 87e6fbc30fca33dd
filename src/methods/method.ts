import type { ZodType } from 'zod'
import type { Clip } from '../clip/clip.js'
import type { VisualPrompts } from '../clip/image-tower.js'
import type { Tensor } from '../graph/index.js'
import type { RandomStream } from '../random.js'
import type { GaussianAggregationOptions } from '../regulators/gaussian-aggregation.js'

/** A learnable tensor, named as in the reference's state dict. */
export interface ParameterSpec {
  readonly name: string
  readonly shape: readonly number[]
  /** Initial values, row-major. */
  init(random: RandomStream): Float32Array | Promise<Float32Array>
}

/** Where learnable tensors enter the towers. */
export interface Prompts {
  /** Context vectors behind the start token, without positions: [n_ctx, text width]. */
  readonly context: Tensor
  /** `deepText[i]` replaces the context's states at text block i + 1: [n_ctx, text width] each. */
  readonly deepText: readonly Tensor[]
  readonly visual?: VisualPrompts
}

/** Features of one step; all L2-normalised. */
export interface StepFeatures {
  /** [classes, embedDim] */
  readonly text: Tensor
  /** [B, embedDim] */
  readonly image: Tensor
  /** exp(logit_scale) * image text^T: [B, classes] */
  readonly logits: Tensor
}

/** What an objective is computed from. */
export interface Objective extends StepFeatures {
  /** One-hot labels: [B, classes]. */
  readonly labels: Tensor
  /** The same by frozen CLIP; its text features come from the method's teacher templates. */
  readonly frozen: StepFeatures
}

/** How the context of the text prompts starts. */
export interface ContextWords {
  /** Context vectors, n_ctx. */
  readonly length: number
  /** The words in front of the class name as they are tokenised; a placeholder where the context is random. */
  readonly prefix: string
  /** True where the context vectors start from the embeddings of the prefix. */
  readonly worded: boolean
}

/** Training settings of a method's published configuration. */
export interface TrainingDefaults {
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly shots: number
}

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
  readonly options: ZodType<O>
  readonly defaults: TrainingDefaults
  context(options: O): ContextWords
  parameters(options: O, clip: Clip): ParameterSpec[]
  prompts(options: O, clip: Clip, parameter: (name: string) => Tensor): Prompts
  /** Named scalar terms; `total` is minimised. Terms beside it are logged. */
  objective(options: O, features: Objective): Readonly<Record<string, Tensor>> & { readonly total: Tensor }
  /** Templates whose frozen text features, averaged, are the teacher's; absent where frozen CLIP is not used. */
  teacherTemplates?(options: O): readonly string[]
  /** Aggregation of the prompts over epochs, where the method has it. */
  aggregation?(options: O): GaussianAggregationOptions
}
