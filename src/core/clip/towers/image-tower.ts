import {
  add,
  concat,
  expand,
  gemm,
  layerNorm,
  reshape,
  slice,
  type Tensor,
  transpose,
} from '../../graph/index.js'
import { type BlockOptions, blockOutputs, type RotaryPositions, type Rows, residualBlock } from '../block.js'
import type { BlockShape, BlockWeights, Norm } from '../block-weights.js'
import type { ClipConfig, VisionTransformerConfig } from '../config.js'
import {
  type InsertedTokens,
  mixedTokens,
  normTensors,
  type TowerArchitecture,
  transformerTensors,
  type VisualPrompts,
} from './tower.js'

/** A Vision Transformer's weights up to its projection, as the graph applies them. */
export interface TokenTowerWeights {
  readonly config: Pick<VisionTransformerConfig, 'resolution' | 'patchSize' | 'width' | 'layers'>
  /** [width, 3, patch, patch] */
  readonly patchEmbedding: Tensor
  /** [width], where it has one. */
  readonly patchBias?: Tensor
  /** [width] */
  readonly classEmbedding: Tensor
  /** [1 + patches, width] */
  readonly positions: Tensor
  /** The norm in front of the blocks, where it has one. */
  readonly lnPre?: Norm
  readonly blocks: readonly BlockWeights[]
  readonly lnPost: Norm
  /** Added to the variance in the outer norms. Default: 1e-5. */
  readonly epsilon?: number
  /**
   * Positions that queries and keys of the blocks carry, for the class token, `inserted` tokens behind it, the patches, and
   * `appended` tokens behind those.
   */
  readonly rotary?: (inserted: number, appended: number) => RotaryPositions
}

/** The Vision Transformer's weights as the graph applies them. */
export interface ImageTowerWeights extends TokenTowerWeights {
  /** [width, embedDim] */
  readonly projection: Tensor
}

/** The Vision Transformer: its blocks take visual prompts, and its class token looks at a grid of patches. */
export const visionTransformer: TowerArchitecture<VisionTransformerConfig> = {
  traits: ({ resolution, patchSize, width, layers }) => ({
    title: 'ViT',
    inputs: [3, resolution, resolution],
    promptBlocks: layers,
    width,
    grid: resolution / patchSize,
    tunable: true,
    sizes: { width, layers, image_size: resolution, patch_size: patchSize },
  }),

  *tensors(config, embedDim, shapeOf) {
    const { width, patchSize, resolution } = config
    yield ['visual.conv1.weight', [width, 3, patchSize, patchSize]]
    yield ['visual.class_embedding', [width]]
    yield ['visual.positional_embedding', [(resolution / patchSize) ** 2 + 1, width]]
    yield* normTensors('visual.ln_pre', width)
    yield* transformerTensors('visual.transformer', config, shapeOf)
    yield* normTensors('visual.ln_post', width)
    yield ['visual.proj', [width, embedDim]]
  },

  build({ config, activation, get, block }) {
    const weights = imageTowerWeights(config, activation, get, block)
    return {
      ...visionTransformer.traits(config),
      features: (images, prompts, observe) => imageTower(weights, images, prompts, observe),
      pooled: (images) => pooledToken(weights, images),
      withTokens: (images, inserted) => tokensBeside(weights, images, inserted),
      states: (images, block) => imageStates(weights, images, block),
      pooledFrom: (states, block) => pooledFrom(weights, states, block),
      projection: {
        name: 'visual.proj',
        shape: weights.projection.shape,
        inputs: config.width,
        weight: weights.projection,
        apply: (pooled, weight = weights.projection) => gemm(pooled, weight),
      },
      activations: (images) => imageActivations(weights, images),
    }
  },
}

/** The Vision Transformer's weights: `get` gives tensors by name, `block` the weights of the block of a name prefix. */
export function imageTowerWeights(
  vision: VisionTransformerConfig,
  activation: ClipConfig['activation'],
  get: (name: string) => Tensor,
  block: (prefix: string, shape: BlockShape) => BlockWeights,
): ImageTowerWeights {
  const shape = { width: vision.width, heads: vision.heads, activation }
  const norm = (name: string): Norm => ({ gain: get(`${name}.weight`), bias: get(`${name}.bias`) })
  return {
    config: vision,
    patchEmbedding: get('visual.conv1.weight'),
    classEmbedding: get('visual.class_embedding'),
    positions: get('visual.positional_embedding'),
    lnPre: norm('visual.ln_pre'),
    blocks: Array.from({ length: vision.layers }, (_, i) =>
      block(`visual.transformer.resblocks.${i}`, shape),
    ),
    lnPost: norm('visual.ln_post'),
    projection: get('visual.proj'),
  }
}

/**
 * Image features, not normalised: [B, embedDim].
 *
 * @param images normalised pixels [B, 3, resolution, resolution]
 * @param prompts visual prompts; without them this is CLIP's own image tower
 * @param observe told every block's queries and keys
 */
export function imageTower(
  w: ImageTowerWeights,
  images: Tensor,
  prompts?: VisualPrompts,
  observe?: BlockOptions['observe'],
): Tensor {
  return gemm(pooledToken(w, images, prompts, observe), w.projection)
}

/** The class token behind the last norm: [B, width]. */
export function pooledToken(
  w: TokenTowerWeights,
  images: Tensor,
  prompts?: VisualPrompts,
  observe?: BlockOptions['observe'],
): Tensor {
  const batch = images.dim(0)
  const { width, layers } = w.config
  const last = layers - 1
  const depth = prompts ? 1 + Math.min(prompts.deep.length, last) : 0

  let rows: Rows = { shared: undefined, items: preNorm(w, embedPatches(w, images)), groups: batch }
  let appended = 0
  for (const [i, block] of w.blocks.entries()) {
    if (prompts && i < depth) {
      const current = i === 0 ? preNorm(w, prompts.input) : prompts.deep[i - 1]!
      // Prompts that are replaced next, or never read again, are keys and values alone: the same for every image.
      const onlyRead = i + 1 < depth || i === last
      if (!onlyRead) appended = current.dim(0)
      rows = onlyRead ? { ...rows, shared: current } : appendTokens(rows, current)
    }
    rows = residualBlock(block, rows, {
      sharedOut: 0,
      observe,
      rotary: w.rotary?.(0, appended),
      ...(i === last ? { itemsOut: [0, 1] } : {}),
    })
  }
  return postNorm(w, reshape(rows.items, [batch, width]))
}

/** Every token as a block, counted from 0, reads it: [B, tokens * width]. */
function imageStates(w: TokenTowerWeights, images: Tensor, block: number): Tensor {
  const batch = images.dim(0)
  const first = preNorm(w, embedPatches(w, images))
  const outputs = blockOutputs(w.blocks.slice(0, block), first, batch, undefined, w.rotary?.(0, 0))
  return reshape(outputs.at(-1) ?? first, [batch, -1])
}

/** The class token behind the last norm, of what a block reads [B, tokens * width]: [B, width]. */
export function pooledFrom(w: TokenTowerWeights, states: Tensor, block: number): Tensor {
  const batch = states.dim(0)
  const { width, layers } = w.config
  let rows: Rows = { shared: undefined, items: reshape(states, [-1, width]), groups: batch }
  for (let i = block; i < layers; i++) {
    rows = residualBlock(w.blocks[i]!, rows, {
      rotary: w.rotary?.(0, 0),
      ...(i === layers - 1 ? { itemsOut: [0, 1] } : {}),
    })
  }
  return postNorm(w, reshape(rows.items, [batch, width]))
}

const preNorm = ({ lnPre, epsilon }: TokenTowerWeights, x: Tensor): Tensor =>
  lnPre ? layerNorm(x, lnPre.gain, lnPre.bias, epsilon) : x

const postNorm = ({ lnPost, epsilon }: TokenTowerWeights, x: Tensor): Tensor =>
  layerNorm(x, lnPost.gain, lnPost.bias, epsilon)

/** The class token behind the last norm, and tokens inserted behind it: [B, width] and [B, n, width]. */
export function tokensBeside(w: TokenTowerWeights, images: Tensor, inserted: InsertedTokens) {
  const batch = images.dim(0)
  const { width, layers } = w.config
  const n = inserted.tokens[0]!.dim(0)
  let rows: Rows = {
    shared: undefined,
    items: preNorm(w, embedPatches(w, images)),
    groups: batch,
  }
  for (const [i, block] of w.blocks.entries()) {
    const own = inserted.tokens[i - inserted.first]
    if (own) {
      const tokens = reshape(rows.items, [batch, -1, width])
      const behind = i === inserted.first ? 1 : 1 + n
      const there = i === inserted.first ? undefined : slice(tokens, 1, 1, behind)
      const each = expand(reshape(own, [1, n, width]), [batch, n, width])
      const mixed = mixedTokens(inserted, each, there)
      const joined = concat([slice(tokens, 1, 0, 1), mixed, slice(tokens, 1, behind, tokens.dim(1))], 1)
      rows = { ...rows, items: reshape(joined, [-1, width]) }
    }
    rows = residualBlock(block, rows, {
      sharedOut: 0,
      rotary: w.rotary?.(i < inserted.first ? 0 : n, 0),
      ...(i === layers - 1 ? { itemsOut: [0, 1 + n] } : {}),
    })
  }
  const tokens = postNorm(w, reshape(rows.items, [batch, 1 + n, width]))
  return { pooled: reshape(slice(tokens, 1, 0, 1), [batch, width]), tokens: slice(tokens, 1, 1, 1 + n) }
}

/** Class token and patches with positions, image by image: [B * (1 + patches), width]. */
function embedPatches(w: TokenTowerWeights, images: Tensor): Tensor {
  const { width } = w.config
  const batch = images.dim(0)
  const classToken = expand(reshape(w.classEmbedding, [1, 1, width]), [batch, 1, width])
  const patches = reshape(projectPatches(w, images), [batch, -1, width])
  return reshape(add(concat([classToken, patches], 1), w.positions), [-1, width])
}

/** Patches through the patch embedding, image by image: [B * patches, width]. */
function projectPatches(w: TokenTowerWeights, images: Tensor): Tensor {
  const { resolution, patchSize, width } = w.config
  const batch = images.dim(0)
  const grid = resolution / patchSize
  const pixels = transpose(reshape(images, [batch, 3, grid, patchSize, grid, patchSize]), [0, 2, 4, 1, 3, 5])
  return gemm(reshape(pixels, [batch * grid * grid, -1]), reshape(w.patchEmbedding, [width, -1]), {
    transB: true,
    ...(w.patchBias ? { bias: w.patchBias } : {}),
  })
}

/** Patch embeddings [B, width, grid, grid], every token behind the first norm and behind every block, and the class token behind the last norm. */
export function imageActivations(w: TokenTowerWeights, images: Tensor): Record<string, Tensor> {
  const { resolution, patchSize, width } = w.config
  const batch = images.dim(0)
  const grid = resolution / patchSize
  const maps = reshape(projectPatches(w, images), [batch, grid, grid, width])
  const first = preNorm(w, embedPatches(w, images))
  const blocks = blockOutputs(w.blocks, first, batch, undefined, w.rotary?.(0, 0))
  const classRows = reshape(slice(blocks.at(-1)!, 1, 0, 1), [batch, width])
  return {
    'image.conv1': transpose(maps, [0, 3, 1, 2]),
    'image.ln_pre': reshape(first, [batch, -1, width]),
    ...Object.fromEntries(blocks.map((output, i) => [`image.resblock${i}`, output])),
    'image.ln_post_cls': postNorm(w, classRows),
  }
}

/** Puts the same tokens behind every sequence, from where each goes its own way. */
function appendTokens({ items, groups }: Rows, tokens: Tensor): Rows {
  const width = items.dim(1)
  const own = expand(reshape(tokens, [1, -1, width]), [groups, tokens.dim(0), width])
  const joined = concat([reshape(items, [groups, -1, width]), own], 1)
  return { shared: undefined, items: reshape(joined, [-1, width]), groups }
}
