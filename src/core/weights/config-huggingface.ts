import * as z from 'zod'
import { WeightsError } from '../errors.js'
import { clipPixels, type PixelForm } from '../image/preprocess.js'
import {
  count,
  only,
  optionalCount,
  parseConfig,
  positiveRgb,
  rgb,
  type StatedConfig,
  statedSizes,
  visionSize,
} from './stated-config.js'

/**
 * What a Hugging Face `config.json` of a CLIPModel states.
 *
 * @param path names the file in messages
 * @throws WeightsError when it is damaged or of another kind of model
 */
export function readHuggingFaceConfig(path: string, json: unknown): StatedConfig {
  const config = parseConfig(path, json, modelSchema)
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
    sizes: statedSizes([
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
 * What a Hugging Face `preprocessor_config.json` states: how the model wants its images. Without a word the values of
 * CLIP's own processor count.
 *
 * @param path names the file in messages
 * @throws WeightsError that names the key where it is damaged or asks for something that cannot be done
 */
export function readPreprocessorConfig(path: string, json: unknown): StatedConfig {
  const config = parseConfig(path, json, processorSchema)
  const { size, crop_size: crop, do_center_crop: crops } = config
  const form = (resize: PixelForm['resize'], side: number | undefined): StatedConfig => ({
    source: path,
    pixels: {
      mean: config.do_normalize === false ? [0, 0, 0] : (config.image_mean ?? clipPixels.mean),
      std: config.do_normalize === false ? [1, 1, 1] : (config.image_std ?? clipPixels.std),
      resize,
      interpolation: config.resample === 2 ? 'bilinear' : 'bicubic',
    },
    sizes: statedSizes([[size === undefined ? 'crop_size' : 'size', side, (c) => c.vision.resolution]]),
  })
  const cropped = crops === false ? undefined : crop
  if (cropped && cropped.height !== cropped.width) throw notSquare(path, 'crop_size', cropped)
  if (typeof size === 'object' && 'height' in size) {
    if (size.height !== size.width) throw notSquare(path, 'size', size)
    if (cropped && cropped.height !== size.height)
      throw otherCrop(path, 'height', size.height, cropped.height)
    return form('squash', size.height)
  }
  const shortest = typeof size === 'object' ? size.shortest_edge : size
  if (crops === false) {
    throw new WeightsError(`${path}: do_center_crop is false, but "size" does not make images square`, {
      hint: 'A size with height and width does.',
    })
  }
  const side = cropped?.height
  if (shortest !== undefined && side !== undefined && shortest !== side) {
    throw otherCrop(path, 'shortest_edge', shortest, side)
  }
  return form('shortest', shortest ?? side)
}

const notSquare = (path: string, key: string, { height, width }: { height: number; width: number }) =>
  new WeightsError(`${path}: ${key} is ${height} x ${width}, expected a square`)

const otherCrop = (path: string, key: string, size: number, crop: number) =>
  new WeightsError(`${path}: size.${key} is ${size}, but crop_size is ${crop}; expected the same`, {
    hint: 'Images are resized to the size that is then cut out.',
  })

const tower = z.looseObject({
  hidden_size: optionalCount,
  num_hidden_layers: optionalCount,
  num_attention_heads: optionalCount,
  hidden_act: z.enum(['quick_gelu', 'gelu']).optional(),
  layer_norm_eps: z.literal(1e-5).optional(),
})
const textTower = tower.extend({
  vocab_size: optionalCount,
  max_position_embeddings: optionalCount,
})
const visionTower = tower.extend({
  image_size: optionalCount,
  patch_size: optionalCount,
  num_channels: z.literal(3).optional(),
})
const modelSchema = z.looseObject({
  model_type: z.literal('clip').optional(),
  projection_dim: optionalCount,
  text_config: textTower.nullish(),
  text_config_dict: textTower.nullish(),
  vision_config: visionTower.nullish(),
  vision_config_dict: visionTower.nullish(),
})

const processor = z
  .string()
  .regex(/^CLIP(ImageProcessor|FeatureExtractor)/, 'expected CLIPImageProcessor')
  .nullish()
const rectangle = z.strictObject({ height: count, width: count })
const square = count.transform((side) => ({ height: side, width: side }))

/** What an image goes through is allowed only where it is what CLIP's processor does, or can be expressed. */
const processorSchema = z.looseObject({
  image_processor_type: processor,
  feature_extractor_type: processor,
  do_resize: only(true),
  size: z.union([count, z.strictObject({ shortest_edge: count }), rectangle]).optional(),
  /** As Pillow numbers its filters: 3 is bicubic, 2 bilinear. */
  resample: only(3, 2),
  do_center_crop: z.boolean().nullish(),
  crop_size: z.union([square, rectangle]).optional(),
  do_rescale: only(true),
  rescale_factor: z
    .number()
    .refine((factor) => Math.abs(factor * 255 - 1) < 1e-6, 'expected 1/255')
    .nullish(),
  do_normalize: z.boolean().nullish(),
  do_pad: only(false),
  image_mean: rgb.nullish(),
  image_std: positiveRgb.nullish(),
})
