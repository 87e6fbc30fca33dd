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
    ['visual.blocks.3.attn.q_bias', 'EVA-CLIP', /an EVA-CLIP model other than EVA02-B and EVA02-L/],
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

/** EVA-CLIP under the names of open_clip, and under those of its authors. */
function evaClip(names: 'open_clip' | 'authors', { width, layers, patch, grid, embed }: Vit): Shapes {
  const inner = Math.floor((8 * width) / 3)
  const ours = names === 'open_clip'
  const trunk = ours ? 'visual.trunk' : 'visual'
  const norm = (name: string, size: number): Shapes => ({
    [`${name}.weight`]: [size],
    [`${name}.bias`]: [size],
  })
  const linear = (name: string, outputs: number, inputs: number): Shapes => ({
    [`${name}.weight`]: [outputs, inputs],
    [`${name}.bias`]: [outputs],
  })
  const block = (i: number): Shapes => {
    const [attn, mlp] = [`${trunk}.blocks.${i}.attn`, `${trunk}.blocks.${i}.mlp`]
    return {
      ...norm(`${trunk}.blocks.${i}.norm1`, width),
      [`${attn}.q_proj.weight`]: [width, width],
      [ours ? `${attn}.q_proj.bias` : `${attn}.q_bias`]: [width],
      [`${attn}.k_proj.weight`]: [width, width],
      [`${attn}.v_proj.weight`]: [width, width],
      [ours ? `${attn}.v_proj.bias` : `${attn}.v_bias`]: [width],
      ...norm(`${attn}.${ours ? 'norm' : 'inner_attn_ln'}`, width),
      ...linear(`${attn}.proj`, width, width),
      ...norm(`${trunk}.blocks.${i}.norm2`, width),
      ...linear(`${mlp}.${ours ? 'fc1_g' : 'w1'}`, inner, width),
      ...linear(`${mlp}.${ours ? 'fc1_x' : 'w2'}`, inner, width),
      ...norm(`${mlp}.${ours ? 'norm' : 'ffn_ln'}`, inner),
      ...linear(`${mlp}.${ours ? 'fc2' : 'w3'}`, width, inner),
      ...(ours
        ? {}
        : { [`${attn}.rope.freqs_cos`]: [grid * grid, 64], [`${attn}.rope.freqs_sin`]: [grid * grid, 64] }),
    }
  }
  const texts = Object.entries(textTower(64, 2, embed)).map(([name, shape]) => [
    name === 'logit_scale' ? name : `text.${name}`,
    shape,
  ])
  return {
    ...Object.fromEntries(texts),
    [`${trunk}.cls_token`]: [1, 1, width],
    [`${trunk}.pos_embed`]: [1, grid * grid + 1, width],
    ...linear(`${trunk}.patch_embed.proj`, width, 0),
    [`${trunk}.patch_embed.proj.weight`]: [width, 3, patch, patch],
    ...norm(`${trunk}.norm`, width),
    ...linear(`${trunk}.head`, embed, width),
    ...Object.assign({}, ...Array.from({ length: layers }, (_, i) => block(i))),
  }
}

describe('the configuration of an EVA02 image tower', () => {
  const sizes = { width: 128, layers: 2, patch: 8, grid: 4, embed: 32 }
  const eva = evaClip('open_clip', sizes)

  it('is read off the shapes, under the names of open_clip and of its authors', () => {
    const expected = {
      embedDim: 32,
      vision: { kind: 'eva02', resolution: 32, patchSize: 8, width: 128, layers: 2, heads: 2 },
      text: { contextLength: 77, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
      activation: 'exact',
    }
    expect(configOf(eva)).toEqual(expected)
    expect(configOf(evaClip('authors', sizes))).toEqual(expected)
  })

  it.each(Object.keys(eva).filter((name) => name.startsWith('visual.')))(
    'calls for %s, in its shape',
    (name) => {
      const { [name]: shape, ...without } = eva
      const canonical = name === 'visual.trunk.head.weight' ? 'visual.proj' : name
      expect(() => configOf(without)).toThrow(`tensor "${canonical}" is missing`)
      expect(() => configOf({ ...eva, [name]: [...shape!, 5] })).toThrow(
        /has shape \[[\d, ]+, 5\], expected|has 1 rows, expected a square|stated for the width|makes the width/,
      )
    },
  )

  it('refuses a tensor under two names, and heads that rotary positions do not divide', () => {
    expect(() => configOf({ ...eva, 'visual.trunk.blocks.0.attn.q_bias': [128] })).toThrow(
      'file: has a tensor under two names: "visual.trunk.blocks.0.attn.q_proj.bias" and "visual.trunk.blocks.0.attn.q_bias"',
    )
    expect(() => configOf(eva, { source: 'c', visionHeads: 64, sizes: [] })).toThrow(
      'file: 64 attention heads of width 2, expected a multiple of 4',
    )
  })

  it('does not take a tower that is named for another one', () => {
    expect(() => configOf(small, { source: 'c.json', tower: 'EVA02', sizes: [] })).toThrow(
      'c.json: names an image tower EVA02, but the tensors of file are of ViT',
    )
  })

  it('goes by names of other models of the family no further than to name it', () => {
    const {
      'visual.trunk.blocks.0.attn.q_proj.weight': _0,
      'visual.trunk.blocks.1.attn.q_proj.weight': _1,
      ...fused
    } = eva
    expect(() => configOf(fused)).toThrow(/an EVA-CLIP model other than EVA02-B and EVA02-L/)
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
