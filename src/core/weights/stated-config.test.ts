import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { changeConfig, configWith, files, folders, type Kind } from '../../../test/support/changed-config.js'
import { rejection } from '../../../test/support/rejection.js'
import { openClip } from '../../node/weights/load-clip.js'

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
      'eva02_enormous_patch14_clip_224',
      /this is an EVA-CLIP model other than EVA02-B and EVA02-L/,
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
