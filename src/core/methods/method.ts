import type * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import type { Values } from '../clip/merged-clip.js'
import type { TextPrompts } from '../clip/prompted-text.js'
import type { ClassTexts } from '../clip/text-features.js'
import type { VisualPrompts } from '../clip/towers/tower.js'
import type { HostTensor, Tensor } from '../graph/index.js'
import type { RandomStream } from '../random.js'
import type { AdamWOptions } from '../train/adam.js'
import type { AggregationOptions } from './prompt-aggregation.js'
import type { PublishedSettings, Reference, TrainingContext } from './reference.js'

/** Training settings of a method's published configuration. */
export interface TrainingDefaults {
  readonly epochs: number
  readonly batchSize: number
  readonly learningRate: number
  readonly shots: number
  /** Default: 1. */
  readonly warmupEpochs?: number
  /** Default: constant. */
  readonly warmup?: 'constant' | 'linear'
  /** Default: 1e-5. */
  readonly warmupLearningRate?: number
}

/**
 * An adaptation of CLIP: what it is called here and elsewhere, its options, and how options, model and classes make a
 * {@link Configuration}. Schedule, checkpoints, evaluation and export are shared by all methods.
 *
 * @typeParam S schema of its options
 */
export interface Method<S extends z.ZodObject = z.ZodObject> {
  /** Name on the command line. */
  readonly name: string
  /** As readers know it, in papers and tables. */
  readonly title: string
  readonly paper: string
  /** One sentence for lists and help texts. */
  readonly summary: string
  /** Options with their published defaults. */
  readonly options: S
  readonly defaults: TrainingDefaults
  /**
   * What it learns from: steps on augmented images (default), steps on frozen features that are computed once, those
   * features in closed form, without steps (then there is one epoch, whose passes only measure), or steps on sentences
   * about the classes, without any image.
   */
  readonly learning?: 'images' | 'features' | 'closed form' | 'texts'
  /** Its parameters take the place of CLIP's own tensors of their names: the result is a plain CLIP. */
  readonly plainClip?: boolean
  /** It trains weights of CLIP's towers: learning rates of prompts are none for it. */
  readonly trainsWeights?: boolean
  /** Options that count blocks of a tower: the smallest tower named is their limit. */
  readonly depths?: Readonly<Record<string, readonly ('text' | 'image')[]>>
  /** Throws ConfigError where options contradict each other, or one would be passed over. */
  check?(options: z.output<S>): void
  /** The published settings of a benchmark's training, where they are others than the defaults. */
  published?(training: TrainingContext): PublishedSettings
  /** What it is in the Python code, where it is there. */
  readonly reference?: Reference
  /**
   * @param classNames the classes trained on
   * @throws ConfigError where options and model do not go together
   */
  configure(options: z.output<S>, clip: Clip, classNames: readonly string[]): Configuration
}

/** Values or symbols by name. */
export type Lookup = (name: string) => Tensor

/** A learnable tensor, named as in the reference's state dict. */
export interface ParameterSpec {
  readonly name: string
  /** A first size of -1: as many as there are training images. */
  readonly shape: readonly number[]
  /** Initial values, row-major. `examples` are there for methods that learn from features. */
  init(random: RandomStream, examples?: Examples): Float32Array | Promise<Float32Array>
  /** Name of its random stream; default: its own. Tensors of one stream start from the same draws. */
  readonly stream?: string
  /** False for what is remembered, not trained. */
  readonly trained?: boolean
}

/** What options, model and classes make of a method: everything about it that training and evaluation ask for. */
export interface Configuration {
  readonly parameters: readonly ParameterSpec[]
  /** Frozen features in place of images; there for methods that learn from features. */
  readonly features?: FeatureInputs
  /** Frozen features of sentences in place of images; there for methods that learn from texts. */
  readonly sentences?: SentenceInputs
  /** What is drawn anew for every training step, by name; shapes are the same for every draw. */
  draws?(random: RandomStream): Readonly<Record<string, HostTensor>>
  /** Texts whose frozen features a step reads as {@link StepInputs.frozen}. */
  readonly teacher?: ClassTexts | undefined
  /** True where each step reads one of the teacher's templates, drawn at random, in place of their combination. */
  readonly drawsTemplate?: boolean
  /** What all steps read of frozen weights alone, by name: computed once, before the first. */
  readonly once?: Readonly<Record<string, Tensor>>
  /** A training step, as a graph. */
  step(inputs: StepInputs): Step
  /** The classifier of any class names, trained or not. Throws ConfigError for names that it cannot know. */
  head(classNames: readonly string[]): ClassHead
  /** Aggregation of the parameters over epochs, where the method has it. */
  readonly aggregation?: AggregationOptions | undefined
  /** AdamW in place of SGD. */
  readonly adamW?: AdamWOptions
  /** A second stage, which trains other parameters on what the first has learned. */
  readonly next?: NextStage
  /**
   * CLIP's tensors as they were trained, by their names, for a method that trains these. What classifies is then configured
   * for the CLIP that has them: {@link head} reads its towers as frozen ones.
   */
  weights?(learned: ReadonlyMap<string, Float32Array>): ReadonlyMap<string, Values>
  /** Where learned prompts enter the towers, for methods that prompt. `drawn` is absent in evaluation. */
  prompts?(parameter: Lookup, drawn?: Lookup): Prompts
}

/** A stage of training behind the first: the schedule and the optimizer begin anew. */
export interface NextStage {
  /** Share of the epochs that come before it. */
  readonly after: number
  /**
   * What it trains: all parameters of the method, those of the first stage among them as not trained.
   *
   * @param clip the CLIP that has the weights that were learned
   * @param learned the values that the first stage ends with
   */
  configure(clip: Clip, learned: ReadonlyMap<string, Float32Array>): Configuration
}

/** A method configured for a model and the classes that it is trained on. */
export interface ConfiguredMethod extends Configuration {
  readonly method: Method
  readonly options: Readonly<Record<string, unknown>>
  readonly clip: Clip
  readonly classNames: readonly string[]
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

/** Frozen features of the training images, computed once. */
export interface FeatureInputs {
  readonly width: number
  /** Features [B, width] of normalised pixels [B, 3, R, R]; nothing learned takes part. */
  tower(images: Tensor): Tensor
  /** Augmented views of every image; epoch e reads view 1 + (e - 1) mod views. */
  readonly views: number
  /** Least share of its area that a view shows of an image. Default: that of training. */
  readonly leastArea?: number
  /** True where features are too large to keep: the views read before are forgotten. */
  readonly passing?: boolean
}

/** Frozen text features of sentences about the classes, not normalised, computed once. */
export interface SentenceInputs {
  readonly width: number
}

/** Width of the features that a method's steps take in place of images; undefined where they take images. */
export const exampleWidth = ({ features, sentences }: Configuration): number | undefined =>
  (features ?? sentences)?.width

/** The training images of a method that learns from features. */
export interface Examples {
  /** Class of every image. */
  readonly labels: Int32Array
  /** Features [images, width] of the v-th view, v = 1, 2, …. */
  view(v: number): Promise<Float32Array>
  /** L2-normalised frozen text features of the classes by the method's teacher: [classes, embedDim]. */
  readonly text: Float32Array | undefined
}

/** Features with the logits that they give. */
export interface StepFeatures {
  /**
   * L2-normalised text features of the classes: [classes, embedDim]; of prompts conditional on the image
   * [B, classes, embedDim]; of a set of prompts their mean over the set.
   */
  readonly text: Tensor
  /** L2-normalised: [B, embedDim]. */
  readonly image: Tensor
  /** [B, classes]; of features alone exp(logit_scale) * image text^T. */
  readonly logits: Tensor
}

/** What a training step is computed from. */
export interface StepInputs {
  /** Normalised pixels [B, 3, R, R], or the method's {@link FeatureInputs} or {@link SentenceInputs}: [B, width]. */
  readonly images: Tensor
  /** One-hot labels: [B, classes]. */
  readonly labels: Tensor
  readonly parameter: Lookup
  /** What was drawn for this step. */
  readonly drawn: Lookup
  /** What was computed once. */
  readonly once: Lookup
  /** Features by frozen CLIP, its text features those of the method's teacher. Of features in place of images: text alone. */
  readonly frozen: StepFeatures
  /** Training images a class, on average; 0 where it is not known. */
  readonly shots: number
  /** Classes whose texts are encoded at once, to take less memory. Default: all. */
  readonly classesAtOnce?: number | undefined
}

/** Named scalar terms; `total` is minimised, the others are logged. */
export type LossTerms = Readonly<Record<string, Tensor>> & { readonly total: Tensor }

/** What a training step computes. */
export interface Step extends StepFeatures {
  readonly terms: LossTerms
  /** More that can be looked at, by name. */
  readonly inspect?: Readonly<Record<string, Tensor>>
}

/** How images are classified over a list of class names. */
export interface ClassHead {
  /**
   * Class weights [classes, embedDim] that are the same for all images: frozen CLIP's, by templates as zero-shot CLIP
   * reads them, or a function of the parameters. Absent where each image has its own.
   */
  readonly text?: readonly string[] | ((parameter: Lookup, frozen?: Tensor) => Tensor)
  /** Texts whose frozen features, L2-normalised, a function for `text` reads beside the parameters. */
  readonly teacher?: ClassTexts | undefined
  /** Values worked out once, outside the graph, from what was learned and the class weights; by name. */
  derive?(
    learned: ReadonlyMap<string, Float32Array>,
    text: Float32Array,
  ): Readonly<Record<string, HostTensor>>
  /** Frozen features that it reads in place of pixels. */
  readonly features?: Pick<FeatureInputs, 'width' | 'tower'> | undefined
  /** Images that are classified at once; default: as many as the tower takes. */
  readonly batchSize?: number
  /** True where logits are exp(logit_scale) * image text^T, so that images encoded once do for any classes. */
  readonly cosine?: boolean
  /**
   * @param images pixels [B, 3, R, R], or features [B, width]
   * @param values parameters, and what was derived
   * @param text the class weights, where there are any
   * @returns logits [B, classes] and L2-normalised image features [B, embedDim]
   */
  classify(images: Tensor, values: Lookup, text: Tensor | undefined): Pick<StepFeatures, 'image' | 'logits'>
}
