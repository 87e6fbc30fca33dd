import type { Clip } from './clip/clip.js'
import type { ClipConfig } from './clip/config.js'
import type { TextFeatureCache } from './clip/text-features.js'
import { WeightsError } from './errors.js'
import type { EvaluationCaches } from './evaluate/feature-batches.js'
import type { Runtime } from './runtime/session.js'
import type { Tokenizer } from './tokenizer/tokenizer.js'

/** The activation of a model as people state it: x * sigmoid(1.702 x), or 0.5 x (1 + erf(x / sqrt 2)). */
export const activations = ['quick-gelu', 'gelu'] as const

/** See {@link activations}. */
export type Activation = (typeof activations)[number]

/** A CLIP model ready for use, with the runtime that computes it. */
export interface Model extends AsyncDisposable {
  readonly clip: Clip
  readonly runtime: Runtime
  /** As it was asked for: `tiny`, `ViT-B/16`, a repository or a path. */
  readonly name: string
  /** File, folder or address the weights come from. */
  readonly source: string
  /** The activation, where the caller stated it. */
  readonly activation?: Activation | undefined
  /** SHA-256 of the weights, hexadecimal. */
  hash(): Promise<string>
  /** What is kept of what the model computes; undefined where that is turned off. */
  readonly caches?: ModelCaches | undefined
  /** Ends the runtime and closes the weight files, as `await using` does. */
  close(): Promise<void>
}

/** What is kept for a model. */
export interface ModelCaches extends EvaluationCaches {
  /** Absent where the runtime does not say what its results depend on. */
  readonly text?: TextFeatureCache
}

/** Throws WeightsError where the tokenizer of the model in `source` has tokens that the model does not embed. */
export function checkTokenizer({ vocabSize }: Tokenizer, { text }: ClipConfig, source: string): void {
  if (vocabSize <= text.vocabSize) return
  throw new WeightsError(
    `${source}: the tokenizer has ${vocabSize} tokens, the model ${text.vocabSize} embeddings`,
    { hint: 'Put the tokenizer that belongs to the model into its folder.' },
  )
}
