import { constant, gemm, type Tensor } from '../../graph/index.js'
import type { RotaryPositions } from '../block.js'
import { type BlockWeights, type FoldedLinear, foldedLinear, linearOf } from '../block-weights.js'
import type { Eva02Config } from '../config.js'
import type { ClipTensors } from '../weights.js'
import { imageActivations, pooledToken, type TokenTowerWeights, tokensBeside } from './image-tower.js'
import { linearTensors, type NamedShape, normTensors, type Shape, type TowerArchitecture } from './tower.js'

/** Added to the variance in all norms of the tower; the text tower has CLIP's 1e-5. */
const EPSILON = 1e-6
/** Patches a side that rotary positions count in: those of 224 pixels in patches of 14, whatever the tower has. */
const REFERENCE_GRID = 16
/** Base of the wavelengths of rotary positions. */
const BASE = 10000

const TRUNK = 'visual.trunk'
const PROJECTION = 'visual.proj'

/**
 * The EVA-02 image tower of EVA-CLIP (EVA-02 paper, arXiv 2303.11331, section 2.1): a Vision Transformer with rotary
 * positions beside learned ones, SwiGLU in place of the MLP, norms in front of both output projections (sub-LayerNorm), and
 * keys without bias. The class token and all prompts stand outside the rotary positions. Tensors have the names of timm
 * within open_clip and its shapes, but for class token and positions, which have no leading ones, and for the projection,
 * which is CLIP's.
 */
export const eva02: TowerArchitecture<Eva02Config> = {
  traits: ({ resolution, patchSize, width, layers }) => ({
    title: 'EVA02',
    inputs: [3, resolution, resolution],
    promptBlocks: layers,
    width,
    grid: resolution / patchSize,
    sizes: { width, layers, image_size: resolution, patch_size: patchSize },
  }),

  *tensors({ resolution, patchSize, width, layers }, embedDim, shapeOf) {
    yield [`${TRUNK}.cls_token`, [width]]
    yield [`${TRUNK}.pos_embed`, [(resolution / patchSize) ** 2 + 1, width]]
    yield [`${TRUNK}.patch_embed.proj.weight`, [width, 3, patchSize, patchSize]]
    yield [`${TRUNK}.patch_embed.proj.bias`, [width]]
    for (let layer = 0; layer < layers; layer++) yield* blockTensors(layer, width, shapeOf)
    yield* normTensors(`${TRUNK}.norm`, width)
    yield [PROJECTION, [width, embedDim]]
    yield [`${TRUNK}.head.bias`, [embedDim]]
  },

  build({ config, tensors, get }) {
    const weights: TokenTowerWeights = {
      config,
      patchEmbedding: get(`${TRUNK}.patch_embed.proj.weight`),
      patchBias: get(`${TRUNK}.patch_embed.proj.bias`),
      classEmbedding: get(`${TRUNK}.cls_token`),
      positions: get(`${TRUNK}.pos_embed`),
      blocks: Array.from({ length: config.layers }, (_, i) => blockWeights(tensors, i, config)),
      lnPost: { gain: get(`${TRUNK}.norm.weight`), bias: get(`${TRUNK}.norm.bias`) },
      epsilon: EPSILON,
      rotary: (inserted, appended) => rotaryPositions(tensors, config, inserted, appended),
    }
    const own = get(PROJECTION)
    const bias = get(`${TRUNK}.head.bias`)
    const project = (pooled: Tensor, weight = own) => gemm(pooled, weight, { bias })
    return {
      ...eva02.traits(config),
      features: (images, prompts, observe) => project(pooledToken(weights, images, prompts, observe)),
      pooled: (images) => pooledToken(weights, images),
      withTokens: (images, inserted) => tokensBeside(weights, images, inserted),
      projection: {
        name: PROJECTION,
        shape: own.shape,
        inputs: config.width,
        weight: own,
        apply: project,
      },
      activations: (images) => imageActivations(weights, images),
    }
  },
}

function* blockTensors(
  layer: number,
  width: number,
  shapeOf: (name: string) => Shape | undefined,
): Generator<NamedShape> {
  const block = `${TRUNK}.blocks.${layer}`
  // 8/3 of the width in the published models; it is what the first block says.
  const inner = shapeOf(`${TRUNK}.blocks.0.mlp.fc1_g.weight`)?.[0] ?? Math.floor((8 * width) / 3)
  yield* normTensors(`${block}.norm1`, width)
  yield* linearTensors(`${block}.attn.q_proj`, width, width)
  yield [`${block}.attn.k_proj.weight`, [width, width]]
  yield* linearTensors(`${block}.attn.v_proj`, width, width)
  yield* normTensors(`${block}.attn.norm`, width)
  yield* linearTensors(`${block}.attn.proj`, width, width)
  yield* normTensors(`${block}.norm2`, width)
  yield* linearTensors(`${block}.mlp.fc1_g`, inner, width)
  yield* linearTensors(`${block}.mlp.fc1_x`, inner, width)
  yield* normTensors(`${block}.mlp.norm`, inner)
  yield* linearTensors(`${block}.mlp.fc2`, width, inner)
}

/**
 * A block's weights with everything constant folded in, exactly: the norms' gain and bias, the scale of the queries, and
 * for queries and keys the order of a head's outputs, in which rotary pairs (0, 1), (2, 3), … lie in its two halves. A
 * product of a query and a key does not depend on that order.
 */
function blockWeights(tensors: ClipTensors, layer: number, { width, heads }: Eva02Config): BlockWeights {
  const block = `${TRUNK}.blocks.${layer}`
  const layerOf = (name: string, norm?: string, more: Partial<FoldedLinear> = {}) =>
    foldedLinear(tensors, {
      ...linearOf(`${block}.${name}`),
      ...(norm ? { norm: `${block}.${norm}` } : {}),
      ...more,
    })
  const order = pairsInHalves(width, width / heads)
  const scale = 1 / Math.sqrt(width / heads)
  const key = `${block}.attn.k_proj`
  return {
    heads,
    norm1: undefined,
    query: layerOf('attn.q_proj', 'norm1', { scaleWeight: scale, scaleBias: scale, order }),
    key: foldedLinear(tensors, { key, weight: `${key}.weight`, norm: `${block}.norm1`, order }),
    value: layerOf('attn.v_proj', 'norm1'),
    out: layerOf('attn.proj', 'attn.norm'),
    norm2: undefined,
    gate: layerOf('mlp.fc1_g', 'norm2'),
    fc: layerOf('mlp.fc1_x', 'norm2'),
    proj: layerOf('mlp.fc2', 'mlp.norm'),
    activation: 'silu',
    subNorms: true,
    epsilon: EPSILON,
  }
}

/** For each output of heads whose pairs lie in halves, the output that it is of. */
function pairsInHalves(width: number, headWidth: number): number[] {
  const half = headWidth / 2
  return Array.from({ length: width }, (_, i) => {
    const at = i % headWidth
    return i - at + (at < half ? 2 * at : 2 * (at - half) + 1)
  })
}

/**
 * The angles of tokens in a grid: the first half of the pairs turns by the row, the second by the column, at wavelengths
 * from 2 pi to almost 20000 pi patches of the reference grid (EVA-02 paper, section 2.1).
 */
function rotaryPositions(
  owner: ClipTensors,
  { resolution, patchSize, width, heads }: Eva02Config,
  inserted: number,
  appended: number,
): RotaryPositions {
  const grid = resolution / patchSize
  const headWidth = width / heads
  const [half, quarter] = [headWidth / 2, headWidth / 4]
  const before = 1 + inserted
  const tokens = before + grid * grid + appended
  const angle = (token: number, pair: number): number => {
    const patch = token - before
    if (patch < 0 || patch >= grid * grid) return 0
    const along = pair < quarter ? Math.floor(patch / grid) : patch % grid
    return ((along * REFERENCE_GRID) / grid) * BASE ** (-(pair % quarter) / quarter)
  }
  const table = (value: (angle: number, isFirst: boolean) => number) => () =>
    Float32Array.from({ length: tokens * headWidth }, (_, i) => {
      const at = i % headWidth
      return value(angle(Math.floor(i / headWidth), at % half), at < half)
    })
  const shape = [tokens, headWidth]
  const named = (name: string, load: () => Float32Array) =>
    constant(`rotary.${name}`, shape, load, { owner, key: `rotary.${name} ${inserted} ${appended}` })
  return {
    cos: named('cos', table(Math.cos)),
    sin: named(
      'sin',
      table((angle, isFirst) => (isFirst ? -Math.sin(angle) : Math.sin(angle))),
    ),
  }
}
