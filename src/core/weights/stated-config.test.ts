import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { extractGolden, goldenPath, temporaryFolder } from '../../../test/support/golden-files.js'
import { rejection } from '../../../test/support/rejection.js'
import { openClip } from '../../node/weights/load-clip.js'
import { clipPixels } from '../image/preprocess.js'

type Kind = 'hf' | 'open_clip'

const files = {
  hf: ['hf_vitB/model.safetensors', 'config.json'],
  open_clip: ['open_clip_vitB/open_clip_model.safetensors', 'open_clip_config.json'],
} as const

const folders = {} as Record<Kind, string>

beforeAll(() => {
  for (const kind of ['hf', 'open_clip'] as const) {
    folders[kind] = join(temporaryFolder(), kind)
    mkdirSync(folders[kind])
    extractGolden(`containers/${files[kind][0]}`, folders[kind])
  }
})

/** Writes the configuration of the reference model with other values at some keys; undefined removes one. */
function changeConfig(kind: Kind, changes: Readonly<Record<string, unknown>>): string {
  const name = files[kind][1]
  const json = JSON.parse(readFileSync(goldenPath(`containers/${kind}_vitB/${name}`), 'utf8'))
  for (const [path, value] of Object.entries(changes)) {
    const keys = path.split('.')
    const last = keys.pop() as string
    const target = keys.reduce((object, key) => object[key], json)
    target[last] = value
  }
  writeFileSync(join(folders[kind], name), JSON.stringify(json))
  return folders[kind]
}

async function configWith(kind: Kind, changes: Readonly<Record<string, unknown>>) {
  const { config, close } = await openClip(changeConfig(kind, changes))
  await close()
  return config
}

const refusal = (kind: Kind, text: string) => {
  writeFileSync(join(folders[kind], files[kind][1]), text)
  return rejection(() => openClip(folders[kind]))
}

describe('a configuration file', () => {
  it('of Hugging Face decides between quick and exact GELU, quick without a word', async () => {
    const activation = async (name: string | undefined) =>
      (await configWith('hf', { 'text_config.hidden_act': name, 'vision_config.hidden_act': name }))
        .activation
    expect(await activation('gelu')).toBe('exact')
    expect(await activation('quick_gelu')).toBe('quick')
    expect(await activation(undefined)).toBe('quick')
  })

  it('of open_clip decides between quick and exact GELU, exact without a word', async () => {
    const activation = async (value: boolean | undefined) =>
      (await configWith('open_clip', { 'model_cfg.quick_gelu': value })).activation
    expect(await activation(true)).toBe('quick')
    expect(await activation(false)).toBe('exact')
    expect(await activation(undefined)).toBe('exact')
  })

  it('decides the number of heads', async () => {
    const huggingFace = await configWith('hf', {
      'vision_config.num_attention_heads': 4,
      'text_config.num_attention_heads': 8,
    })
    expect([huggingFace.vision.heads, huggingFace.text.heads]).toEqual([4, 8])
    const openClip = await configWith('open_clip', {
      'model_cfg.vision_cfg.head_width': 32,
      'model_cfg.text_cfg.heads': undefined,
    })
    expect([openClip.vision.heads, openClip.text.heads]).toEqual([4, 8])
  })

  it('may state the values of a tower in a second place, as older Hugging Face files do', async () => {
    const config = await configWith('hf', {
      text_config_dict: { num_attention_heads: 2 },
      vision_config_dict: null,
    })
    expect(config.text.heads).toBe(2)
  })

  it.each<[string, Kind, string, unknown, RegExp]>([
    [
      'other sizes',
      'hf',
      'vision_config.num_hidden_layers',
      3,
      /num_hidden_layers is 3, but the tensors of .* have 2/,
    ],
    ['another kind of model', 'hf', 'model_type', 'siglip', /model_type is "siglip"/],
    ['an unknown activation', 'hf', 'text_config.hidden_act', 'relu', /text_config\.hidden_act is "relu"/],
    ['two activations', 'hf', 'text_config.hidden_act', 'gelu', /gelu for text and quick_gelu for images/],
    ['another epsilon', 'hf', 'text_config.layer_norm_eps', 1e-6, /layer_norm_eps is 0.000001/],
    [
      'another image tower',
      'open_clip',
      'model_cfg.vision_cfg.timm_model_name',
      'vit',
      /timm_model_name is "vit"/,
    ],
    [
      'another text tower',
      'open_clip',
      'model_cfg.text_cfg.hf_model_name',
      'bert',
      /hf_model_name is "bert"/,
    ],
    ['another pooling', 'open_clip', 'model_cfg.vision_cfg.pool_type', 'avg', /pool_type is "avg"/],
    ['no model', 'open_clip', 'model_cfg', undefined, /model_cfg is undefined/],
    [
      'another embedding',
      'open_clip',
      'model_cfg.embed_dim',
      512,
      /embed_dim is 512, but the tensors of .* have 32/,
    ],
    [
      'another depth',
      'open_clip',
      'model_cfg.vision_cfg.layers',
      12,
      /layers is 12, but the tensors of .* have 2/,
    ],
    ['heads that do not divide', 'open_clip', 'model_cfg.vision_cfg.head_width', 48, /attention heads/],
  ])('is refused with %s (%s)', async (_, kind, key, value, message) => {
    const path = changeConfig(kind, { [key]: value })
    expect(await rejection(() => openClip(path))).toMatch(message)
  })

  it('is refused when it is damaged or reaches for prototypes', async () => {
    expect(await refusal('hf', '{"a":')).toMatch(/config\.json: not JSON/)
    expect(await refusal('hf', '{"__proto__": {"model_type": "clip"}}')).toMatch(/has the key "__proto__"/)
    expect(await refusal('hf', ' '.repeat(2 ** 24 + 1))).toMatch(/expected a JSON file of at most/)
  })

  it.each<[string, unknown, RegExp]>([
    ['vision_cfg.act_kwargs', { approximate: 'tanh' }, /act_kwargs\.approximate is "tanh"/],
    ['vision_cfg.norm_kwargs', { eps: 1e-6 }, /norm_kwargs\.eps is 0.000001/],
    ['vision_cfg.ls_init_value', 1e-4, /ls_init_value is 0.0001/],
    ['vision_cfg.qk_norm', true, /qk_norm is true/],
    ['vision_cfg.scaled_cosine_attn', true, /scaled_cosine_attn is true/],
    ['vision_cfg.scale_heads', true, /scale_heads is true/],
    ['vision_cfg.scale_attn', true, /scale_attn is true/],
    ['vision_cfg.scale_attn_inner', true, /scale_attn_inner is true/],
    ['vision_cfg.scale_fc', true, /scale_fc is true/],
    ['vision_cfg.block_type', 'custom', /block_type is "custom"/],
    ['vision_cfg.image_size', [32, 48], /image_size is \[32,48\]/],
    ['text_cfg.act_kwargs', { approximate: 'tanh' }, /text_cfg\.act_kwargs/],
    ['text_cfg.norm_kwargs', { eps: 1e-6 }, /text_cfg\.norm_kwargs/],
    ['text_cfg.hf_tokenizer_name', 'xlm-roberta-base', /hf_tokenizer_name is "xlm-roberta-base"/],
    ['text_cfg.tokenizer_kwargs', { clean: 'canonicalize' }, /tokenizer_kwargs/],
    ['text_cfg.tokenizer_mode', 'simple', /tokenizer_mode is "simple"/],
    ['text_cfg.proj_type', 'none', /proj_type is "none"/],
    ['text_cfg.text_arch', 'other', /text_arch is "other"/],
    ['text_cfg.no_causal_mask', true, /no_causal_mask is true/],
    ['text_cfg.qk_norm', true, /text_cfg\.qk_norm is true/],
  ])('of open_clip is refused for an option that changes the arithmetic: %s', async (key, value, message) => {
    const path = changeConfig('open_clip', { [`model_cfg.${key}`]: value })
    expect(await rejection(() => openClip(path))).toMatch(message)
  })

  it('of open_clip may state the values that options have in CLIP', async () => {
    const neutral = {
      act_kwargs: {},
      norm_kwargs: { eps: 1e-5 },
      final_ln_after_pool: true,
      ls_init_value: null,
      qk_norm: false,
      scaled_cosine_attn: false,
      scale_heads: false,
      scale_attn: false,
      scale_attn_inner: false,
      scale_fc: false,
      block_type: 'default',
      mlp_ratio: 4.0,
    }
    const vision = { image_size: [32, 32], layers: 2, width: 128, patch_size: 16, ...neutral }
    const text = {
      context_length: 77,
      vocab_size: 49408,
      width: 64,
      heads: 1,
      layers: 2,
      hf_tokenizer_name: 'openai/clip-vit-base-patch32',
      tokenizer_kwargs: {},
      proj_type: 'linear',
      text_arch: null,
      ...neutral,
    }
    const changes = { 'model_cfg.vision_cfg': vision, 'model_cfg.text_cfg': text }
    const plain = await configWith('open_clip', {})
    expect(await configWith('open_clip', changes)).toEqual(plain)
  })

  it.each<[string, Kind, string, unknown, RegExp]>([
    ['SigLIP', 'hf', 'model_type', 'siglip', /this is a SigLIP model/],
    ['SigLIP', 'open_clip', 'model_cfg.init_logit_bias', -10, /this is a SigLIP model/],
    ['MetaCLIP 2', 'hf', 'model_type', 'metaclip_2', /this is a MetaCLIP 2 model/],
    ['Chinese-CLIP', 'hf', 'model_type', 'chinese_clip', /this is a Chinese-CLIP model/],
    [
      'EVA-CLIP',
      'open_clip',
      'model_cfg.vision_cfg.timm_model_name',
      'eva02_base_patch16_clip_224',
      /this is an EVA-CLIP model/,
    ],
    [
      'CLIP-ConvNeXt',
      'open_clip',
      'model_cfg.vision_cfg.timm_model_name',
      'convnext_base',
      /this is a CLIP-ConvNeXt model/,
    ],
    ['CoCa', 'open_clip', 'model_cfg.multimodal_cfg', { width: 512 }, /this is a CoCa model/],
    [
      'another',
      'open_clip',
      'model_cfg.vision_cfg.timm_model_name',
      'resnet18',
      /this is a model with an image tower of timm/,
    ],
  ])('names the family of a model that cannot be used: %s (%s)', async (_, kind, key, value, message) => {
    const path = changeConfig(kind, { [key]: value })
    expect(await rejection(() => openClip(path))).toMatch(message)
  })
})

describe('the images of a model', () => {
  const halves = [0.5, 0.5, 0.5]

  it("are in CLIP's form where a file says so or nothing", async () => {
    expect(await configWith('open_clip', {})).not.toHaveProperty('pixels')
    expect(await configWith('open_clip', { preprocess_cfg: undefined })).not.toHaveProperty('pixels')
  })

  it('are as preprocess_cfg states them', async () => {
    const preprocess_cfg = {
      size: [32, 32],
      mode: 'RGB',
      mean: halves,
      std: 0.25,
      interpolation: 'bilinear',
      resize_mode: 'squash',
      fill_color: 0,
    }
    expect((await configWith('open_clip', { preprocess_cfg })).pixels).toEqual({
      mean: halves,
      std: [0.25, 0.25, 0.25],
      resize: 'squash',
      interpolation: 'bilinear',
    })
    // As open_clip itself does: bicubic unless it is bilinear.
    expect(await configWith('open_clip', { 'preprocess_cfg.interpolation': 'random' })).not.toHaveProperty(
      'pixels',
    )
  })

  it.each<[string, unknown, RegExp]>([
    ['resize_mode', 'longest', /preprocess_cfg\.resize_mode is "longest"/],
    ['interpolation', 'nearest', /preprocess_cfg\.interpolation is "nearest"/],
    ['mode', 'L', /preprocess_cfg\.mode is "L"/],
    ['size', [32, 48], /preprocess_cfg\.size is \[32,48\]/],
    ['size', 64, /preprocess_cfg\.size is 64, but the tensors of .* have 32/],
    ['std', [1, 0, 1], /preprocess_cfg\.std is \[1,0,1\]: expected positive values/],
    ['mean', [0.5, 0.5], /preprocess_cfg\.mean/],
  ])('are refused where preprocess_cfg.%s asks for what cannot be done: %j', async (key, value, message) => {
    const path = changeConfig('open_clip', { [`preprocess_cfg.${key}`]: value })
    expect(await rejection(() => openClip(path))).toMatch(message)
  })

  const processor = (values: object) => {
    const folder = changeConfig('hf', {})
    writeFileSync(join(folder, 'preprocessor_config.json'), JSON.stringify(values))
    return folder
  }
  afterEach(() => rmSync(join(folders.hf, 'preprocessor_config.json'), { force: true }))

  const pixelsOf = async (values: object) => {
    const { config, close } = await openClip(processor(values))
    await close()
    return config.pixels
  }

  it("are in CLIP's form by the preprocessor_config.json of its models, old and new", async () => {
    const { mean, std } = clipPixels
    const common = {
      do_resize: true,
      do_center_crop: true,
      do_normalize: true,
      image_mean: mean,
      image_std: std,
    }
    const old = {
      ...common,
      size: 32,
      crop_size: 32,
      resample: 3,
      feature_extractor_type: 'CLIPFeatureExtractor',
    }
    const recent = {
      ...common,
      size: { shortest_edge: 32 },
      crop_size: { height: 32, width: 32 },
      resample: 3,
      do_rescale: true,
      rescale_factor: 0.00392156862745098,
      do_convert_rgb: true,
      image_processor_type: 'CLIPImageProcessor',
    }
    expect(await pixelsOf(old)).toBeUndefined()
    expect(await pixelsOf(recent)).toBeUndefined()
    expect(await pixelsOf({})).toBeUndefined()
  })

  it('are as preprocessor_config.json states them', async () => {
    const size = { height: 32, width: 32 }
    expect(await pixelsOf({ size, resample: 2, image_mean: halves, image_std: halves })).toEqual({
      mean: halves,
      std: halves,
      resize: 'squash',
      interpolation: 'bilinear',
    })
    expect(await pixelsOf({ do_normalize: false })).toMatchObject({ mean: [0, 0, 0], std: [1, 1, 1] })
  })

  it.each<[object, RegExp]>([
    [{ resample: 0 }, /resample is 0/],
    [{ do_resize: false }, /do_resize is false/],
    [{ do_rescale: false }, /do_rescale is false/],
    [{ rescale_factor: 1 }, /rescale_factor is 1: expected 1\/255/],
    [{ do_pad: true }, /do_pad is true/],
    [{ size: { longest_edge: 32 } }, /size is \{"longest_edge":32\}/],
    [{ size: { shortest_edge: 36 }, crop_size: 32 }, /shortest_edge is 36, but crop_size is 32/],
    [{ size: { height: 32, width: 48 } }, /size is 32 x 48, expected a square/],
    [{ do_center_crop: false, size: { shortest_edge: 32 } }, /do_center_crop is false/],
    [{ size: 64, crop_size: 64 }, /size is 64, but the tensors of .* have 32/],
    [{ image_processor_type: 'SiglipImageProcessor' }, /this is a SigLIP model/],
    [{ image_processor_type: 'ViTImageProcessor' }, /expected CLIPImageProcessor/],
  ])(
    'are refused where preprocessor_config.json asks for what cannot be done: %j',
    async (values, message) => {
      const path = processor(values)
      expect(await rejection(() => openClip(path))).toMatch(message)
    },
  )

  it('are as preprocessor_config.json states them beside a model of open_clip that does not', async () => {
    const folder = changeConfig('open_clip', { preprocess_cfg: undefined })
    const path = join(folder, 'preprocessor_config.json')
    writeFileSync(path, JSON.stringify({ size: { height: 32, width: 32 } }))
    try {
      expect((await configWith('open_clip', { preprocess_cfg: undefined })).pixels?.resize).toBe('squash')
      expect(await configWith('open_clip', {})).not.toHaveProperty('pixels')
    } finally {
      rmSync(path)
    }
  })
})
