import type { ClipConfig, VisionTransformerConfig } from '../../src/core/clip/config.js'
import { sizeOf } from '../../src/core/graph/index.js'
import { randomStream } from '../../src/core/random.js'

/** A CLIP whose two towers are Transformers: what is trained from scratch. */
export interface TransformerClipConfig extends ClipConfig {
  readonly vision: VisionTransformerConfig
}

/** A weight of a new model: its shape and the standard deviation of its initial values, or a constant. */
interface Spec {
  readonly shape: readonly number[]
  readonly std?: number
  readonly fill?: number
}

/** Weights of a new CLIP by canonical name, drawn as CLIP initialises them. */
export function initialWeights(
  config: TransformerClipConfig,
  seed: number,
): Map<string, { shape: readonly number[]; data: Float32Array }> {
  const weights = new Map<string, { shape: readonly number[]; data: Float32Array }>()
  for (const [name, { shape, std = 0, fill = 0 }] of specs(config)) {
    const random = randomStream(seed, 'weights', name)
    const data = Float32Array.from({ length: sizeOf(shape) }, () => (std > 0 ? std * random.normal() : fill))
    weights.set(name, { shape, data })
  }
  return weights
}

function specs({ vision, text, embedDim }: TransformerClipConfig): Map<string, Spec> {
  const patches = (vision.resolution / vision.patchSize) ** 2
  const imageStd = vision.width ** -0.5
  return new Map<string, Spec>([
    ['visual.class_embedding', { shape: [vision.width], std: imageStd }],
    ['visual.positional_embedding', { shape: [1 + patches, vision.width], std: imageStd }],
    ['visual.conv1.weight', { shape: [vision.width, 3, vision.patchSize, vision.patchSize], std: 0.02 }],
    ...norm('visual.ln_pre', vision.width),
    ...blocks('visual.transformer', vision.width, vision.layers),
    ...norm('visual.ln_post', vision.width),
    ['visual.proj', { shape: [vision.width, embedDim], std: imageStd }],
    ['token_embedding.weight', { shape: [text.vocabSize, text.width], std: 0.02 }],
    ['positional_embedding', { shape: [text.contextLength, text.width], std: 0.01 }],
    ...blocks('transformer', text.width, text.layers),
    ...norm('ln_final', text.width),
    ['text_projection', { shape: [text.width, embedDim], std: text.width ** -0.5 }],
    ['logit_scale', { shape: [], fill: Math.log(1 / 0.07) }],
  ])
}

const norm = (name: string, width: number): [string, Spec][] => [
  [`${name}.weight`, { shape: [width], fill: 1 }],
  [`${name}.bias`, { shape: [width] }],
]

function blocks(prefix: string, width: number, layers: number): [string, Spec][] {
  const attention = width ** -0.5
  const residual = attention * (2 * layers) ** -0.5
  return Array.from({ length: layers }, (_, i) => `${prefix}.resblocks.${i}`).flatMap(
    (name): [string, Spec][] => [
      [`${name}.attn.in_proj_weight`, { shape: [3 * width, width], std: attention }],
      [`${name}.attn.in_proj_bias`, { shape: [3 * width] }],
      [`${name}.attn.out_proj.weight`, { shape: [width, width], std: residual }],
      [`${name}.attn.out_proj.bias`, { shape: [width] }],
      ...norm(`${name}.ln_1`, width),
      [`${name}.mlp.c_fc.weight`, { shape: [4 * width, width], std: (2 * width) ** -0.5 }],
      [`${name}.mlp.c_fc.bias`, { shape: [4 * width] }],
      [`${name}.mlp.c_proj.weight`, { shape: [width, 4 * width], std: residual }],
      [`${name}.mlp.c_proj.bias`, { shape: [width] }],
      ...norm(`${name}.ln_2`, width),
    ],
  )
}
