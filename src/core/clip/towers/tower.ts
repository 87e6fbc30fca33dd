import { add, mul, type Tensor } from '../../graph/index.js'
import type { BlockOptions } from '../block.js'
import type { BlockShape, BlockWeights } from '../block-weights.js'
import type { ClipConfig, VisionConfig } from '../config.js'
import type { ClipTensors } from '../weights.js'

/** Visual prompts (independent V-L prompting, section 3.1 of the PromptSRC paper). */
export interface VisualPrompts {
  /** Appended after the patch tokens, without position embedding: [V, width]. */
  readonly input: Tensor
  /** `deep[i]` replaces them at the input of block i + 1: [V, width] each. */
  readonly deep: readonly Tensor[]
}

/**
 * Tokens that learn beside a tower's own, behind the first token: inserted at one block, and at each block after it mixed
 * with what the block before made of them.
 */
export interface InsertedTokens {
  /** Block at whose input they are inserted, from 0. */
  readonly first: number
  /** Those of block `first`, `first + 1`, …: [n, width] each; after the last one they flow on. */
  readonly tokens: readonly Tensor[]
  /** Share of a block's own tokens where they are mixed; the rest is what was there. */
  readonly share: number
}

/** The tokens that a block reads: its own where they are inserted, later mixed with those that are there. */
export function mixedTokens({ share }: InsertedTokens, own: Tensor, there: Tensor | undefined): Tensor {
  return there ? add(mul(own, share), mul(there, 1 - share)) : own
}

/** What an image tower can, as its configuration tells. */
export interface TowerTraits {
  /** What people call the architecture: `ViT`, `ResNet`. */
  readonly title: string
  /** One image: [3, R, R]; one clip: [3 frames, R, R]. */
  readonly inputs: readonly [channels: number, height: number, width: number]
  /** Blocks that take visual prompts; 0: it takes none. */
  readonly promptBlocks: number
  /** Width of its tokens, and so of visual prompts; 0 where it has no tokens. */
  readonly width: number
  /** Patches a side behind the class token, whose attention can be followed; undefined where it has none. */
  readonly grid: number | undefined
  /** Whether its weights can be trained: gradients pass through all of it, and it reads every tensor by `get` or `block`. */
  readonly tunable?: boolean
  /** Sizes that a configuration file may state, by their keys in open_clip's `vision_cfg`. */
  readonly sizes: Readonly<Record<string, number>>
}

/** The image tower of a model as graph functions. */
export interface ImageTower extends TowerTraits {
  /**
   * Image features, not normalised: [B, embedDim].
   *
   * @param images normalised pixels [B, 3, R, R]
   * @param prompts visual prompts; without them this is CLIP's own image tower
   * @param observe told every block's queries and keys, where there are blocks
   * @throws TypeError for prompts where it takes none
   */
  features(images: Tensor, prompts?: VisualPrompts, observe?: BlockOptions['observe']): Tensor
  /** What {@link projection} makes features of: [B, projection.inputs]. */
  pooled(images: Tensor): Tensor
  /**
   * What the tower pools, and its inserted tokens behind the last norm: [B, width] and [B, n, width]. Absent where it takes
   * no tokens.
   */
  withTokens?(images: Tensor, inserted: InsertedTokens): { readonly pooled: Tensor; readonly tokens: Tensor }
  /** What a block, counted from 0, reads of images: [B, states]. Absent where blocks cannot be entered midway. */
  states?(images: Tensor, block: number): Tensor
  /** What {@link pooled} gives, computed from these on. */
  pooledFrom?(states: Tensor, block: number): Tensor
  readonly projection: Projection
  /** All activations on the way, computed without savings, by their names in the reference: to compare with it. */
  activations(images: Tensor): Record<string, Tensor>
}

/** The last linear map of an image tower, from what it pools to the features. */
export interface Projection {
  /** Canonical name and shape of its weight. */
  readonly name: string
  readonly shape: readonly number[]
  readonly inputs: number
  readonly weight: Tensor
  /** Features [B, embedDim] of what was pooled [B, inputs]; `weight` takes the place of the model's own. */
  apply(pooled: Tensor, weight?: Tensor): Tensor
}

/** What a tower is made of. */
export interface TowerParts<C extends VisionConfig> {
  readonly config: C
  readonly activation: ClipConfig['activation']
  readonly tensors: ClipTensors
  /** A tensor by its canonical name. */
  readonly get: (name: string) => Tensor
  /** The weights of the block of a name prefix. */
  readonly block: (prefix: string, shape: BlockShape) => BlockWeights
}

/** One kind of image tower. A new one is a file that gives this, and a line in `architectures.ts`. */
export interface TowerArchitecture<C extends VisionConfig> {
  traits(config: C): TowerTraits
  /**
   * The tensors that it needs, by canonical name.
   *
   * @param shapeOf the shape that a tensor has in the model, for sizes that are free
   */
  tensors(config: C, embedDim: number, shapeOf: (name: string) => Shape | undefined): Iterable<NamedShape>
  build(parts: TowerParts<C>): ImageTower
}

/** Sizes of a tensor. */
export type Shape = readonly number[]
/** A tensor and the shape it must have. */
export type NamedShape = readonly [name: string, shape: Shape]

/** The tensors of a Transformer. The width inside the MLP is free (4 times the width in OpenAI's models); it is what the first block says. */
export function* transformerTensors(
  prefix: string,
  { width, layers }: { readonly width: number; readonly layers: number },
  shapeOf: (name: string) => Shape | undefined,
): Generator<NamedShape> {
  const inner = shapeOf(`${prefix}.resblocks.0.mlp.c_fc.weight`)?.[0] ?? 4 * width
  for (let layer = 0; layer < layers; layer++) {
    const block = `${prefix}.resblocks.${layer}`
    yield* normTensors(`${block}.ln_1`, width)
    yield [`${block}.attn.in_proj_weight`, [3 * width, width]]
    yield [`${block}.attn.in_proj_bias`, [3 * width]]
    yield* linearTensors(`${block}.attn.out_proj`, width, width)
    yield* normTensors(`${block}.ln_2`, width)
    yield* linearTensors(`${block}.mlp.c_fc`, inner, width)
    yield* linearTensors(`${block}.mlp.c_proj`, width, inner)
  }
}

/** Weight and bias of a linear layer. */
export function* linearTensors(name: string, outputs: number, inputs: number): Generator<NamedShape> {
  yield [`${name}.weight`, [outputs, inputs]]
  yield [`${name}.bias`, [outputs]]
}

/** Gain and bias of a layer norm. */
export function* normTensors(name: string, width: number): Generator<NamedShape> {
  yield [`${name}.weight`, [width]]
  yield [`${name}.bias`, [width]]
}
