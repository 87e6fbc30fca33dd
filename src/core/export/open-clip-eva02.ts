import type { Eva02Config } from '../clip/config.js'
import { ConfigError } from '../errors.js'
import { type NamedTensor, transpose } from './hugging-face.js'

/** timm's EVA-02 image towers in EVA-CLIP's form, by which open_clip builds them. */
const timmModels: Readonly<
  Record<string, Pick<Eva02Config, 'resolution' | 'patchSize' | 'width' | 'layers'>>
> = {
  eva02_base_patch16_clip_224: { resolution: 224, patchSize: 16, width: 768, layers: 12 },
  eva02_large_patch14_clip_224: { resolution: 224, patchSize: 14, width: 1024, layers: 24 },
  eva02_large_patch14_clip_336: { resolution: 336, patchSize: 14, width: 1024, layers: 24 },
}

/**
 * The `vision_cfg` by which open_clip builds an EVA-02 image tower.
 *
 * @throws ConfigError for sizes that timm has no name for
 */
export function openClipEva02({
  resolution,
  patchSize,
  width,
  layers,
}: Eva02Config): Record<string, unknown> {
  const found = Object.entries(timmModels).find(
    ([, known]) =>
      known.resolution === resolution &&
      known.patchSize === patchSize &&
      known.width === width &&
      known.layers === layers,
  )
  if (!found) {
    throw new ConfigError(
      `open_clip has no EVA02 image tower of ${layers} blocks, width ${width} and patches of ${patchSize} at ${resolution} pixels`,
      { hint: 'Export it as transformers-js or onnx.' },
    )
  }
  return { image_size: resolution, timm_model_name: found[0], timm_pool: 'token', timm_proj: null }
}

/** Tensors under the names and in the shapes of open_clip, which has the text tower of such models apart. */
export function openClipEva02Tensors(tensors: readonly NamedTensor[]): NamedTensor[] {
  return tensors.map((tensor) => {
    const { name, shape, load } = tensor
    if (name === 'visual.proj') return transpose({ ...tensor, name: 'visual.trunk.head.weight' })
    return {
      name: /^(visual\.|logit_scale$)/.test(name) ? name : `text.${name}`,
      shape: [...(leadingOnes[name] ?? []), ...shape],
      load,
    }
  })
}

const leadingOnes: Readonly<Record<string, readonly number[]>> = {
  'visual.trunk.cls_token': [1, 1],
  'visual.trunk.pos_embed': [1],
}
