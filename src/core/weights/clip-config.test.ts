import { describe, expect, it } from 'vitest'
import { inferClipConfig } from './clip-config.js'
import { canonicalWeights } from './names.js'
import type { StateDict, WeightEntry } from './state-dict.js'
import type { StatedConfig } from './stated-config.js'

type Shapes = Record<string, readonly number[]>

/** A state dict of shapes alone: reading a tensor would be an error. */
function weightsOf(shapes: Shapes): StateDict {
  const unread = () => Promise.reject(new Error('no tensor may be read'))
  const entries = Object.entries(shapes).map(([name, shape]): [string, WeightEntry] => [
    name,
    { name, shape, dtype: 'float16', read: unread, readRows: unread, readInto: unread },
  ])
  return { entries: new Map(entries), source: 'file', close: async () => {} }
}

const configOf = (shapes: Shapes, stated?: StatedConfig) =>
  inferClipConfig(canonicalWeights(weightsOf(shapes)), 'file', stated && [stated])

function transformer(prefix: string, width: number, layers: number, inner = 4 * width): Shapes {
  const block = (i: number): Shapes => ({
    [`${prefix}.resblocks.${i}.ln_1.weight`]: [width],
    [`${prefix}.resblocks.${i}.ln_1.bias`]: [width],
    [`${prefix}.resblocks.${i}.attn.in_proj_weight`]: [3 * width, width],
    [`${prefix}.resblocks.${i}.attn.in_proj_bias`]: [3 * width],
    [`${prefix}.resblocks.${i}.attn.out_proj.weight`]: [width, width],
    [`${prefix}.resblocks.${i}.attn.out_proj.bias`]: [width],
    [`${prefix}.resblocks.${i}.ln_2.weight`]: [width],
    [`${prefix}.resblocks.${i}.ln_2.bias`]: [width],
    [`${prefix}.resblocks.${i}.mlp.c_fc.weight`]: [inner, width],
    [`${prefix}.resblocks.${i}.mlp.c_fc.bias`]: [inner],
    [`${prefix}.resblocks.${i}.mlp.c_proj.weight`]: [width, inner],
    [`${prefix}.resblocks.${i}.mlp.c_proj.bias`]: [width],
  })
  return Object.assign({}, ...Array.from({ length: layers }, (_, i) => block(i)))
}

const textTower = (width: number, layers: number, embed: number): Shapes => ({
  'token_embedding.weight': [49408, width],
  positional_embedding: [77, width],
  'ln_final.weight': [width],
  'ln_final.bias': [width],
  text_projection: [width, embed],
  logit_scale: [],
  ...transformer('transformer', width, layers),
})

interface Vit {
  readonly width: number
  readonly layers: number
  readonly patch: number
  readonly grid: number
  readonly embed: number
  readonly inner?: number
}

const imageTower = ({ width, layers, patch, grid, embed, inner }: Vit): Shapes => ({
  'visual.conv1.weight': [width, 3, patch, patch],
  'visual.class_embedding': [width],
  'visual.positional_embedding': [grid * grid + 1, width],
  'visual.ln_pre.weight': [width],
  'visual.ln_pre.bias': [width],
  'visual.ln_post.weight': [width],
  'visual.ln_post.bias': [width],
  'visual.proj': [width, embed],
  ...transformer('visual.transformer', width, layers, inner),
})

const small: Shapes = {
  ...textTower(64, 2, 32),
  ...imageTower({ width: 128, layers: 3, patch: 16, grid: 2, embed: 32 }),
}

describe('the configuration of a Vision Transformer', () => {
  it('is read off the shapes: ViT-L/14@336px', () => {
    const shapes = {
      ...textTower(768, 12, 768),
      ...imageTower({ width: 1024, layers: 24, patch: 14, grid: 24, embed: 768 }),
    }
    expect(configOf(shapes)).toEqual({
      embedDim: 768,
      vision: { kind: 'vit', resolution: 336, patchSize: 14, width: 1024, layers: 24, heads: 16 },
      text: { contextLength: 77, vocabSize: 49408, width: 768, layers: 12, heads: 12 },
      activation: 'quick',
    })
  })

  it('takes head counts and activation from a configuration file: ViT-H/14 has heads of width 80', () => {
    const shapes = {
      ...textTower(1024, 2, 1024),
      ...imageTower({ width: 1280, layers: 2, patch: 14, grid: 16, embed: 1024 }),
    }
    const config = configOf(shapes, {
      source: 'c',
      activation: 'exact',
      visionHeads: 16,
      textHeads: 16,
      sizes: [],
    })
    expect(config.vision.heads).toBe(16)
    expect(config.activation).toBe('exact')
  })

  it('accepts any width inside of the MLP', () => {
    const vision = imageTower({ width: 128, layers: 2, patch: 16, grid: 2, embed: 32, inner: 600 })
    expect(configOf({ ...textTower(64, 1, 32), ...vision }).vision).toMatchObject({ width: 128, layers: 2 })
  })

  it('uses exact GELU for the naming that only open_clip has', () => {
    const prefixed = Object.fromEntries(
      Object.entries(small).map(([name, shape]) => [
        /^(visual|logit_scale)/.test(name) ? name : `text.${name}`,
        shape,
      ]),
    )
    expect(configOf(prefixed)).toEqual({ ...configOf(small), activation: 'exact' })
  })

  it('does not mind wrappers, old scalars and buffers', () => {
    const more = {
      ...small,
      input_resolution: [],
      context_length: [],
      vocab_size: [],
      attn_mask: [77, 77],
    }
    const wrapped = Object.fromEntries(Object.entries(more).map(([name, shape]) => [`module.${name}`, shape]))
    expect(configOf(wrapped)).toEqual(configOf(small))
  })

  it.each(Object.keys(small))('calls for %s, in its shape', (name) => {
    const { [name]: shape, ...without } = small
    expect(() => configOf(without)).toThrow(
      new RegExp(`^file: .*tensor "${name.replaceAll('.', '\\.')}" is missing`),
    )
    const wrong = [...shape!, 5]
    expect(() => configOf({ ...small, [name]: wrong })).toThrow(
      `tensor "${name}" has shape [${wrong.join(', ')}], expected`,
    )
  })

  it('names found and expected shape where towers do not fit together', () => {
    expect(() => configOf({ ...small, 'visual.proj': [128, 64] })).toThrow(
      'file: tensor "visual.proj" has shape [128, 64], expected [128, 32]',
    )
    expect(() => configOf({ ...small, 'visual.positional_embedding': [7, 128] })).toThrow(
      /7 rows, expected a square/,
    )
    expect(() => configOf({ ...small, 'visual.conv1.weight': [0, 3, 16, 16] })).toThrow(/not 0/)
  })

  it('refuses gaps between layers, unknown tensors, and absurd layer numbers at once', () => {
    const gap = 'visual.transformer.resblocks.9.ln_1.weight'
    expect(() => configOf({ ...small, [gap]: [128] })).toThrow(/resblocks\.3\.ln_1\.weight" is missing/)
    expect(() => configOf({ ...small, 'transformer.resblocks.99999999999.ln_1.weight': [64] })).toThrow(
      /is missing/,
    )
    expect(() => configOf({ ...small, 'visual.attn_pool.query': [1, 32] })).toThrow(
      'file: tensor "visual.attn_pool.query" of shape [1, 32] is not part of a CLIP model',
    )
  })

  it('refuses widths that heads do not divide', () => {
    const odd = {
      ...textTower(64, 1, 32),
      ...imageTower({ width: 96, layers: 1, patch: 8, grid: 2, embed: 32 }),
    }
    expect(() => configOf(odd)).toThrow(/makes the width 96, expected a multiple of 64/)
    expect(configOf(odd, { source: 'c', visionHeads: 3, sizes: [] }).vision.heads).toBe(3)
    expect(() => configOf(odd, { source: 'c', visionHeads: 7, sizes: [] })).toThrow(
      /7 attention heads are stated for the width 96/,
    )
  })

  it('refuses a configuration file that contradicts the tensors', () => {
    const sizes = [{ key: 'layers', value: 12, actual: () => 3 }]
    expect(() => configOf(small, { source: 'config.json', sizes })).toThrow(
      'config.json: layers is 12, but the tensors of file have 3',
    )
  })

  it.each<[string, string, RegExp]>([
    ['logit_bias', 'SigLIP', /not a CLIP model, but a SigLIP model: it has "logit_bias"/],
    ['vision_model.head.probe', 'SigLIP', /a SigLIP model/],
    ['visual.trunk.blocks.0.mlp.fc1_g.weight', 'EVA-CLIP', /an EVA-CLIP model/],
    ['visual.blocks.3.attn.q_bias', 'EVA-CLIP', /an EVA-CLIP model/],
    ['visual.trunk.stages.0.blocks.0.conv_dw.weight', 'CLIP-ConvNeXt', /a CLIP-ConvNeXt model/],
    ['text_decoder.resblocks.0.ln_1.weight', 'CoCa', /a CoCa model/],
    ['bert.embeddings.word_embeddings.weight', 'Chinese-CLIP', /a Chinese-CLIP model/],
    ['visual.trunk.norm.weight', 'an image tower of timm', /an image tower of timm/],
    ['text.transformer.embeddings.word_embeddings.weight', 'a text tower', /a text tower of Hugging Face/],
  ])('names the family that the tensor %s tells: %s', (tensor, _, message) => {
    expect(() => configOf({ ...small, [tensor]: [1] })).toThrow(message)
    expect(() => configOf({ [tensor]: [1] })).toThrow(message)
  })

  it('says when a file is no CLIP model at all', () => {
    expect(() => configOf({ ctx: [4, 64], token_prefix: [6, 1, 64] })).toThrow(/not a CLIP model/)
    expect(() => configOf({})).toThrow(/not a CLIP model/)
  })
})

describe('Hugging Face names', () => {
  const layer = 'vision_model.encoder.layers.0.self_attn'
  it.each<[string, Shapes, RegExp]>([
    [
      'a missing projection',
      { [`${layer}.q_proj.weight`]: [4, 4], [`${layer}.k_proj.weight`]: [4, 4] },
      /"vision_model\..*\.v_proj\.weight" is missing/,
    ],
    [
      'projections of other shapes',
      { [`${layer}.q_proj.bias`]: [4], [`${layer}.k_proj.bias`]: [5], [`${layer}.v_proj.bias`]: [4] },
      /k_proj\.bias" has shape \[5\], expected \[4\]/,
    ],
    [
      'scalars as projections',
      { [`${layer}.q_proj.bias`]: [], [`${layer}.k_proj.bias`]: [], [`${layer}.v_proj.bias`]: [] },
      /expected/,
    ],
    [
      'an output projection that is no matrix',
      { 'text_model.x': [], 'text_projection.weight': [4] },
      /expected two dimensions/,
    ],
    ['a tensor of another model', { 'text_model.x': [1] }, /not a CLIP model/],
  ])('refuse %s', (_, shapes, message) => {
    expect(() => configOf(shapes)).toThrow(message)
  })
})
