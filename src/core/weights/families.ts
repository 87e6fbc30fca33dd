import { WeightsError } from '../errors.js'

/** What a model that cannot be computed is called, by what tells it: words of configurations, names of tensors. */
const families: readonly {
  readonly name: string
  /** In a value of a configuration: a type or name of a model. */
  readonly value?: RegExp
  /** The path of a key of a configuration. */
  readonly key?: RegExp
  readonly tensor?: RegExp
}[] = [
  {
    name: 'a SigLIP model',
    value: /siglip/i,
    key: /\binit_logit_bias$/,
    tensor: /^logit_bias$|\bhead\.probe$|^visual\.trunk\.attn_pool\.latent$/,
  },
  { name: 'a CoCa model', value: /^coca/i, key: /\bmultimodal_cfg$/, tensor: /^text_decoder\./ },
  {
    name: 'an EVA-CLIP model other than EVA02-B and EVA02-L',
    value: /\beva/i,
    key: /\beva_model_name$/,
    tensor:
      /^visual\.(trunk\.)?(rope\.|blocks\.\d+\.(attn\.(q_bias|q_proj|inner_attn_ln)|mlp\.(w[123]|fc1_g)))/,
  },
  {
    name: 'a MobileCLIP model',
    value: /fastvit|mobileclip|_mci/i,
    tensor: /^(visual\.trunk\.stages\.\d+\.blocks\.\d+\.token_mixer|image_encoder\.model\.)/,
  },
  {
    name: 'a CLIP-ConvNeXt model',
    value: /convnext/i,
    tensor: /^visual\.trunk\.stages\.\d+\.blocks\.\d+\.conv_dw/,
  },
  { name: 'a PE-Core model', value: /^(vit_)?pe[_-]/i },
  { name: 'a Chinese-CLIP model', value: /chinese_?clip/i, tensor: /^bert\./ },
  { name: 'a MetaCLIP 2 model', value: /metaclip_2/i },
  { name: 'a BLIP model', value: /^blip/i, tensor: /^(visual_encoder\.|text_encoder\.cls\.)/ },
  { name: 'a DINOv2 model', value: /dinov2/i, tensor: /^(embeddings|dinov2)\..*mask_token$/ },
  { name: 'a model with an image tower of timm', key: /\btimm_model_name$/, tensor: /^visual\.trunk\./ },
  {
    name: 'a model with a text tower of Hugging Face',
    key: /\bhf_model_name$/,
    tensor: /^transformer\.(embeddings|encoder)\./,
  },
]

/** The family that a key of a configuration, or its value, tells. */
export function familyOfSetting(key: string, value: unknown): string | undefined {
  const byValue = typeof value === 'string' ? families.find((family) => family.value?.test(value)) : undefined
  return (byValue ?? families.find((family) => family.key?.test(key)))?.name
}

/**
 * Refuses the tensors of a model of a known other family, by its name.
 *
 * @throws WeightsError that names the family and the tensor that tells it
 */
export function refuseOtherFamilies(names: Iterable<string>, source: string): void {
  const all = [...names]
  for (const { name, tensor } of families) {
    const telling = tensor && all.find((one) => tensor.test(one))
    if (telling !== undefined)
      throw otherFamily(`${source}: not a CLIP model, but ${name}: it has "${telling}"`)
  }
}

/** An error about a model of another architecture. */
export function otherFamily(message: string): WeightsError {
  return new WeightsError(message, {
    hint: 'Only CLIP models with a Vision Transformer, ModifiedResNet or EVA02 and a text Transformer are supported.',
  })
}
