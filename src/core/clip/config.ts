import type { PixelForm } from '../image/preprocess.js'

/** A Vision Transformer image tower (CLIP paper, section 2.4). Heads are always width / 64 unless the file says otherwise. */
export interface VisionTransformerConfig {
  readonly kind: 'vit'
  /** Side of the square input, in pixels. */
  readonly resolution: number
  readonly patchSize: number
  readonly width: number
  readonly layers: number
  readonly heads: number
}

/** The modified ResNet image tower of RN50, RN101, RN50x4, … (CLIP paper, section 2.4). */
export interface ResNetConfig {
  readonly kind: 'resnet'
  readonly resolution: number
  /** Channels of the stem's output; the last stage has 32 times as many. */
  readonly width: number
  /** Bottleneck blocks of the four stages. */
  readonly stages: readonly [number, number, number, number]
  /** Heads of the attention pool: 32 * width / 64. */
  readonly heads: number
}

/** The EVA-02 image tower of EVA-CLIP (EVA-02 paper, arXiv 2303.11331, section 2.1; EVA-CLIP paper, arXiv 2303.15389). */
export interface Eva02Config {
  readonly kind: 'eva02'
  /** Side of the square input, in pixels. */
  readonly resolution: number
  readonly patchSize: number
  readonly width: number
  readonly layers: number
  readonly heads: number
}

/** An image tower of any kind. */
export type VisionConfig = VisionTransformerConfig | ResNetConfig | Eva02Config

/** The text Transformer, causal, read at the end-of-text token. */
export interface TextConfig {
  readonly contextLength: number
  readonly vocabSize: number
  readonly width: number
  readonly layers: number
  readonly heads: number
}

/** Everything about a CLIP model that its weights alone do not compute. */
export interface ClipConfig {
  readonly embedDim: number
  readonly vision: VisionConfig
  readonly text: TextConfig
  /** `quick`: x * sigmoid(1.702 x), as OpenAI's models; `exact`: 0.5 x (1 + erf(x / sqrt 2)). */
  readonly activation: 'quick' | 'exact'
  /** How it wants its images, where that is not OpenAI's form. */
  readonly pixels?: PixelForm
  /** Frames of the clips that it sees in place of pictures, their features averaged; absent where it sees pictures. */
  readonly frames?: number
}
