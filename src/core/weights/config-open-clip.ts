import * as z from 'zod'
import { clipPixels } from '../image/preprocess.js'
import {
  count,
  only,
  optionalCount,
  parseConfig,
  positiveRgb,
  rgb,
  type SizeRow,
  type StatedConfig,
  statedSizes,
  visionSize,
} from './stated-config.js'

/**
 * What an `open_clip_config.json` states. Without `quick_gelu` the activation is exact GELU, as in open_clip.
 *
 * @param path names the file in messages
 * @throws WeightsError that names the key where it is damaged, asks for towers other than CLIP's, or for images as they
 *   cannot be made
 */
export function readOpenClipConfig(path: string, json: unknown): StatedConfig {
  const { model_cfg: model, preprocess_cfg: images } = parseConfig(path, json, schema)
  const { vision_cfg: vision, text_cfg: text } = model
  const { width } = vision
  const attentionWidth = width && (Array.isArray(vision.layers) ? 32 * width : width)
  return {
    source: path,
    activation: model.quick_gelu ? 'quick' : 'exact',
    ...(attentionWidth && { visionHeads: attentionWidth / vision.head_width }),
    textHeads: text.heads,
    ...(vision.timm_model_name ? { tower: 'EVA02' } : {}),
    ...(images && {
      pixels: {
        mean: images.mean ?? clipPixels.mean,
        std: images.std ?? clipPixels.std,
        resize: images.resize_mode ?? clipPixels.resize,
        // open_clip draws one of the two in training and takes bicubic otherwise.
        interpolation: images.interpolation === 'bilinear' ? 'bilinear' : 'bicubic',
      },
    }),
    sizes: statedSizes([
      ['embed_dim', model.embed_dim, (c) => c.embedDim],
      ['vision_cfg.width', width, visionSize('width')],
      ['vision_cfg.image_size', vision.image_size, visionSize('image_size')],
      ['vision_cfg.patch_size', vision.patch_size, visionSize('patch_size')],
      ...layerRows(vision.layers),
      ['text_cfg.width', text.width, (c) => c.text.width],
      ['text_cfg.layers', text.layers, (c) => c.text.layers],
      ['text_cfg.vocab_size', text.vocab_size, (c) => c.text.vocabSize],
      ['text_cfg.context_length', text.context_length, (c) => c.text.contextLength],
      ['preprocess_cfg.size', images?.size ?? undefined, (c) => c.vision.resolution],
    ]),
  }
}

/** Blocks of a Transformer, or of each stage of a ResNet. */
const layerRows = (layers: number | readonly number[] | undefined): SizeRow[] =>
  typeof layers === 'object'
    ? layers.map((blocks, i) => [`vision_cfg.layers[${i}]`, blocks, visionSize(`layers[${i}]`)])
    : [['vision_cfg.layers', layers, visionSize('layers')]]

/** One number, or twice the same. */
const side = z.union([
  count,
  z
    .tuple([count, count])
    .refine(([height, width]) => height === width, 'expected a square')
    .transform(([height]) => height),
])

/**
 * Options of both towers that change what they compute, at the values that mean CLIP. Where the last norm stands does
 * not matter for pooling by one token, and the tensors tell the width of the MLP, so those may be anything.
 */
const tower = {
  width: optionalCount,
  mlp_ratio: z.number().positive().nullish(),
  act_kwargs: z.strictObject({ approximate: z.literal('none').optional() }).nullish(),
  norm_kwargs: z.strictObject({ eps: z.literal(1e-5).optional() }).nullish(),
  final_ln_after_pool: z.boolean().nullish(),
  ls_init_value: only(null),
  block_type: only('default'),
  qk_norm: only(false),
  scaled_cosine_attn: only(false),
  scale_heads: only(false),
  scale_attn: only(false),
  scale_attn_inner: only(false),
  scale_fc: only(false),
}

const schema = z.looseObject({
  model_cfg: z.looseObject({
    embed_dim: optionalCount,
    quick_gelu: z.boolean().nullish(),
    init_logit_bias: only(null),
    multimodal_cfg: only(null),
    text_arch: only(null),
    vision_cfg: z.looseObject({
      ...tower,
      layers: z.union([count, z.tuple([count, count, count, count])]).optional(),
      head_width: count.default(64),
      image_size: side.optional(),
      patch_size: side.nullish().transform((value) => value ?? undefined),
      /** Of timm's image towers, EVA-02 in EVA-CLIP's form but for the enormous one, which is another architecture. */
      timm_model_name: z
        .string()
        .regex(/^eva02_(?!enormous)\w+_patch\d+_clip_\d+/, 'expected an EVA02 image tower, B or L')
        .nullish(),
      timm_pool: only('token'),
      timm_proj: only(null),
      eva_model_name: only(null),
      attentional_pool: only(false),
      global_average_pool: only(false),
      input_patchnorm: only(false),
      no_ln_pre: only(false),
      pool_type: only('tok'),
      pos_embed_type: only('learnable'),
    }),
    text_cfg: z.looseObject({
      ...tower,
      context_length: optionalCount,
      vocab_size: optionalCount,
      heads: count.default(8),
      layers: optionalCount,
      text_arch: only(null),
      hf_model_name: only(null),
      /** The tokenizer of OpenAI's models may be named; another may not. */
      hf_tokenizer_name: z
        .string()
        .regex(/^openai\/clip-vit-/, 'expected the tokenizer of CLIP, openai/clip-vit-…')
        .nullish(),
      tokenizer_mode: only(null),
      tokenizer_kwargs: z.strictObject({}).nullish(),
      embed_cls: only(false),
      ln_post_emb: only(false),
      no_causal_mask: only(false),
      use_pad_mask: only(false),
      pool_type: only('argmax'),
      proj_type: only('linear'),
      proj_bias: only(false),
    }),
  }),
  preprocess_cfg: z
    .looseObject({
      size: side.nullish(),
      mode: only('RGB'),
      mean: rgb.nullish(),
      std: positiveRgb.nullish(),
      interpolation: only('bicubic', 'bilinear', 'random'),
      resize_mode: only('shortest', 'squash'),
    })
    .nullish(),
})
