import type { VisionConfig } from '../clip/config.js'
import { mergedClip } from '../clip/merged-clip.js'
import { ConfigError } from '../errors.js'
import { bytesOf } from '../graph/index.js'
import { configure, methods } from '../methods/registry.js'
import { requiredTensors } from '../weights/clip-shapes.js'
import { safetensorsHead } from '../weights/safetensors-write.js'
import { type Exporter, type ExportFile, jsonFile } from './exporter.js'
import {
  clipModelConfig,
  clipModelTensors,
  clipProcessor,
  innerWidths,
  type NamedTensor,
  tokenizerFiles,
} from './hugging-face.js'
import { openClipEva02, openClipEva02Tensors } from './open-clip-eva02.js'

/**
 * A plain CLIP with what was learned in its weights, as a folder for Hugging Face's CLIPModel (`huggingface`) and one
 * for open_clip (`open_clip`), which load it as any other CLIP.
 */
export const clipFolders: Exporter = {
  format: 'clip',
  summary: 'a plain CLIP for Hugging Face and open_clip, where the method makes one',

  async parts({ prompts, model }) {
    const method = configure(prompts, model.clip)
    if (!method.method.plainClip) {
      const plain = Object.values(methods).flatMap(({ plainClip, title }) => (plainClip ? [title] : []))
      throw new ConfigError(
        `what ${method.method.title} learned is no plain CLIP: it has more than CLIP's weights`,
        {
          hint: `Export it as transformers-js or onnx. A plain CLIP is what these make: ${plain.join(', ')}.`,
        },
      )
    }
    const { parameters } = prompts
    const clip = mergedClip(model.clip, method.weights?.(parameters) ?? parameters)
    const { config, tensors, tokenizer, preprocessing } = clip
    const shapeOf = (name: string) => {
      try {
        return tensors.shape(name)
      } catch {
        return undefined
      }
    }
    const all: NamedTensor[] = [...requiredTensors(config, shapeOf)].map(([name, shape]) => ({
      name,
      shape,
      load: () => tensors.read(name),
    }))
    const inFolder = (folder: string, files: readonly ExportFile[]) =>
      files.map((file) => ({ ...file, path: `${folder}/${file.path}` }))
    const models = [
      ...(config.vision.kind === 'vit'
        ? [safetensorsFile('huggingface/model.safetensors', clipModelTensors(all, config))]
        : []),
      safetensorsFile(
        'open_clip/open_clip_model.safetensors',
        config.vision.kind === 'eva02' ? openClipEva02Tensors(all) : all,
      ),
    ]
    return {
      classNames: prompts.classNames,
      template: (method.head(prompts.classNames).text as readonly string[])[0]!,
      models,
      files: [
        ...(config.vision.kind === 'vit'
          ? inFolder('huggingface', [
              jsonFile('config.json', {
                ...clipModelConfig(config, tokenizer, innerWidths(clip)),
                torch_dtype: 'float32',
              }),
              jsonFile('preprocessor_config.json', clipProcessor(preprocessing)),
              ...tokenizerFiles(tokenizer),
            ])
          : []),
        ...inFolder('open_clip', [
          jsonFile('open_clip_config.json', openClipConfig(clip)),
          ...tokenizerFiles(tokenizer),
        ]),
      ],
    }
  },
}

/** A safetensors file of float32 tensors as PyTorch's libraries read it; one tensor at a time is in memory. */
function safetensorsFile(path: string, tensors: readonly NamedTensor[]): ExportFile {
  const entries = tensors.map(({ name, shape }) => ({
    name,
    dtype: 'float32' as const,
    shape,
    length: 4 * shape.reduce((product, n) => product * n, 1),
  }))
  const head = safetensorsHead(entries, { format: 'pt' })
  return {
    path,
    size: entries.reduce((sum, { length }) => sum + length, head.length),
    async *chunks() {
      yield head
      for (const { load } of tensors) yield bytesOf(await load())
    },
  }
}

function openClipVision(vision: VisionConfig): Record<string, unknown> {
  const { kind, resolution, width, heads } = vision
  if (kind === 'eva02') return openClipEva02(vision)
  return {
    image_size: resolution,
    width,
    ...(kind === 'vit'
      ? { layers: vision.layers, patch_size: vision.patchSize, head_width: width / heads }
      : { layers: vision.stages, head_width: (32 * width) / heads }),
  }
}

function openClipConfig({ config, preprocessing }: ReturnType<typeof mergedClip>): Record<string, unknown> {
  const { embedDim, vision, text, activation } = config
  const { size, mean, std, resize, interpolation } = preprocessing
  return {
    model_cfg: {
      embed_dim: embedDim,
      ...(activation === 'quick' ? { quick_gelu: true } : {}),
      ...(vision.kind === 'eva02' ? { custom_text: true } : {}),
      vision_cfg: openClipVision(vision),
      text_cfg: {
        context_length: text.contextLength,
        vocab_size: text.vocabSize,
        width: text.width,
        heads: text.heads,
        layers: text.layers,
      },
    },
    preprocess_cfg: { size, mean, std, interpolation, resize_mode: resize },
  }
}
