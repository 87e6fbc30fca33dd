import * as z from 'zod'
import { towerTraits } from '../clip/towers/architectures.js'
import { WeightsError } from '../errors.js'
import type { StatedConfig, StatedSize } from './clip-config.js'

/**
 * What a Hugging Face `config.json` of a CLIPModel states.
 *
 * @param path names the file in messages
 * @throws WeightsError when it is damaged or of another kind of model
 */
export function readHuggingFaceConfig(path: string, json: unknown): StatedConfig {
  const config = parse(path, json, huggingFaceSchema)
  const text = { ...config.text_config, ...config.text_config_dict }
  const vision = { ...config.vision_config, ...config.vision_config_dict }
  const activations = [text.hidden_act, vision.hidden_act].map((name) => name ?? 'quick_gelu')
  if (activations[0] !== activations[1]) {
    throw new WeightsError(
      `${path}: hidden_act is ${activations.join(' for text and ')} for images, expected one`,
    )
  }
  return {
    source: path,
    activation: activations[0] === 'quick_gelu' ? 'quick' : 'exact',
    ...(vision.num_attention_heads && { visionHeads: vision.num_attention_heads }),
    ...(text.num_attention_heads && { textHeads: text.num_attention_heads }),
    sizes: sizes([
      ['projection_dim', config.projection_dim, (c) => c.embedDim],
      ['vision_config.hidden_size', vision.hidden_size, visionSize('width')],
      ['vision_config.num_hidden_layers', vision.num_hidden_layers, visionSize('layers')],
      ['vision_config.image_size', vision.image_size, visionSize('image_size')],
      ['vision_config.patch_size', vision.patch_size, visionSize('patch_size')],
      ['text_config.hidden_size', text.hidden_size, (c) => c.text.width],
      ['text_config.num_hidden_layers', text.num_hidden_layers, (c) => c.text.layers],
      ['text_config.vocab_size', text.vocab_size, (c) => c.text.vocabSize],
      ['text_config.max_position_embeddings', text.max_position_embeddings, (c) => c.text.contextLength],
    ]),
  }
}

/**
 * What an `open_clip_config.json` states. Without `quick_gelu` the activation is exact GELU, as in open_clip.
 *
 * @param path names the file in messages
 * @throws WeightsError when it is damaged or asks for towers other than CLIP's
 */
export function readOpenClipConfig(path: string, json: unknown): StatedConfig {
  const { model_cfg: model } = parse(path, json, openClipSchema)
  const { vision_cfg: vision, text_cfg: text } = model
  const width = typeof vision.width === 'number' ? vision.width : undefined
  const attentionWidth = width && (Array.isArray(vision.layers) ? 32 * width : width)
  return {
    source: path,
    activation: model.quick_gelu ? 'quick' : 'exact',
    ...(attentionWidth && { visionHeads: attentionWidth / vision.head_width }),
    textHeads: text.heads,
    sizes: sizes([
      ['embed_dim', model.embed_dim, (c) => c.embedDim],
      ['vision_cfg.width', width, visionSize('width')],
      ['vision_cfg.image_size', vision.image_size, visionSize('image_size')],
      ['vision_cfg.patch_size', vision.patch_size, visionSize('patch_size')],
      ...layerRows(vision.layers),
      ['text_cfg.width', text.width, (c) => c.text.width],
      ['text_cfg.layers', text.layers, (c) => c.text.layers],
      ['text_cfg.vocab_size', text.vocab_size, (c) => c.text.vocabSize],
      ['text_cfg.context_length', text.context_length, (c) => c.text.contextLength],
    ]),
  }
}

type StatedRow = [key: string, value: number | undefined, actual: StatedSize['actual']]

/** A size that the image tower has under this key, if it has one. */
const visionSize =
  (key: string): StatedSize['actual'] =>
  ({ vision }) =>
    towerTraits(vision).sizes[key]

/** Blocks of a Transformer, or of each stage of a ResNet. */
const layerRows = (layers: number | readonly number[] | undefined): StatedRow[] =>
  typeof layers === 'object'
    ? layers.map((count, i) => [`vision_cfg.layers[${i}]`, count, visionSize(`layers[${i}]`)])
    : [['vision_cfg.layers', layers, visionSize('layers')]]

function sizes(rows: StatedRow[]): StatedSize[] {
  return rows.flatMap(([key, value, actual]) => (value === undefined ? [] : [{ key, value, actual }]))
}

const size = z.int().positive()
const optionalSize = size.optional()

const huggingFaceTower = z.looseObject({
  hidden_size: optionalSize,
  num_hidden_layers: optionalSize,
  num_attention_heads: optionalSize,
  hidden_act: z.enum(['quick_gelu', 'gelu']).optional(),
  layer_norm_eps: z.literal(1e-5).optional(),
})
const huggingFaceText = huggingFaceTower.extend({
  vocab_size: optionalSize,
  max_position_embeddings: optionalSize,
})
const huggingFaceVision = huggingFaceTower.extend({
  image_size: optionalSize,
  patch_size: optionalSize,
  num_channels: z.literal(3).optional(),
})
const huggingFaceSchema = z.looseObject({
  model_type: z.literal('clip').optional(),
  projection_dim: optionalSize,
  text_config: huggingFaceText.nullish(),
  text_config_dict: huggingFaceText.nullish(),
  vision_config: huggingFaceVision.nullish(),
  vision_config_dict: huggingFaceVision.nullish(),
})

/** Options that change what a tower computes are allowed only at the values that mean CLIP. */
const openClipSchema = z.looseObject({
  model_cfg: z.looseObject({
    embed_dim: optionalSize,
    quick_gelu: z.boolean().optional(),
    vision_cfg: z.looseObject({
      layers: z.union([size, z.tuple([size, size, size, size])]).optional(),
      width: optionalSize,
      head_width: size.default(64),
      image_size: optionalSize,
      patch_size: size.nullish().transform((value) => value ?? undefined),
      timm_model_name: z.null().optional(),
      attentional_pool: z.literal(false).optional(),
      global_average_pool: z.literal(false).optional(),
      no_ln_pre: z.literal(false).optional(),
      pool_type: z.literal('tok').optional(),
      pos_embed_type: z.literal('learnable').optional(),
    }),
    text_cfg: z.looseObject({
      context_length: optionalSize,
      vocab_size: optionalSize,
      width: optionalSize,
      heads: size.default(8),
      layers: optionalSize,
      hf_model_name: z.null().optional(),
      embed_cls: z.literal(false).optional(),
      no_causal_mask: z.literal(false).optional(),
      pool_type: z.literal('argmax').optional(),
      proj_bias: z.literal(false).optional(),
    }),
  }),
})

function parse<T>(path: string, json: unknown, schema: z.ZodType<T>): T {
  const result = schema.safeParse(json, { reportInput: true })
  if (result.success) return result.data
  const [issue] = result.error.issues
  const key = issue?.path.length ? issue.path.join('.') : 'the file'
  throw new WeightsError(
    `${path}: ${key} is ${JSON.stringify(issue?.input)?.slice(0, 100)}: ${issue?.message}`,
    {
      hint: 'Only CLIP models with a Vision Transformer or ModifiedResNet and a text Transformer are supported.',
    },
  )
}
