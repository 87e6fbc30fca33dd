import { clipPixels } from '../../src/core/image/preprocess.js'
import type { TransformerClipConfig } from './initialize.js'

/** The configuration as OpenCLIP writes it, for `open_clip_config.json`. */
export function openClipConfig({ embedDim, vision, text }: TransformerClipConfig): string {
  const config = {
    model_cfg: {
      embed_dim: embedDim,
      quick_gelu: true,
      vision_cfg: {
        image_size: vision.resolution,
        layers: vision.layers,
        width: vision.width,
        patch_size: vision.patchSize,
        head_width: vision.width / vision.heads,
      },
      text_cfg: {
        context_length: text.contextLength,
        vocab_size: text.vocabSize,
        width: text.width,
        heads: text.heads,
        layers: text.layers,
      },
    },
    // Said here, so that a page need not ask for a preprocessor_config.json.
    preprocess_cfg: {
      size: vision.resolution,
      mean: clipPixels.mean,
      std: clipPixels.std,
      interpolation: clipPixels.interpolation,
      resize_mode: clipPixels.resize,
    },
  }
  return `${JSON.stringify(config, null, 2)}\n`
}
