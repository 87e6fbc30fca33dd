import type { Clip } from '../clip/clip.js'
import type { ClipConfig } from '../clip/config.js'
import { ConfigError } from '../errors.js'
import type { Preprocessing } from '../image/preprocess.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { endOfText, endOfWord, startOfText } from '../tokenizer/tokenizer-bytes.js'
import { vocabularyFiles } from '../tokenizer/vocabulary-files.js'
import { type ExportFile, jsonFile, textFile } from './exporter.js'

// The files of a CLIPModel in the format of Hugging Face's libraries.

/**
 * The `config.json` of a CLIPModel.
 *
 * @param innerWidth width inside a block's MLP, of each tower
 */
export function clipModelConfig(
  { embedDim, vision, text, activation }: ClipConfig,
  tokenizer: Tokenizer,
  innerWidth: { readonly text: number; readonly vision: number },
): Record<string, unknown> {
  const shared = {
    hidden_act: activation === 'quick' ? 'quick_gelu' : 'gelu',
    layer_norm_eps: 1e-5,
    projection_dim: embedDim,
  }
  return {
    model_type: 'clip',
    architectures: ['CLIPModel'],
    projection_dim: embedDim,
    logit_scale_init_value: 2.6592,
    text_config: {
      model_type: 'clip_text_model',
      ...shared,
      hidden_size: text.width,
      intermediate_size: innerWidth.text,
      num_hidden_layers: text.layers,
      num_attention_heads: text.heads,
      vocab_size: text.vocabSize,
      max_position_embeddings: text.contextLength,
      bos_token_id: tokenizer.startToken,
      eos_token_id: tokenizer.endToken,
      pad_token_id: tokenizer.endToken,
    },
    vision_config: {
      model_type: 'clip_vision_model',
      ...shared,
      image_size: vision.resolution,
      num_channels: 3,
      hidden_size: vision.width,
      intermediate_size: innerWidth.vision,
      ...(vision.kind === 'vit'
        ? {
            num_hidden_layers: vision.layers,
            num_attention_heads: vision.heads,
            patch_size: vision.patchSize,
          }
        : {}),
    },
  }
}

/** The `preprocessor_config.json` of a plain CLIP, as Hugging Face's processors read it. */
export function clipProcessor({
  size,
  mean,
  std,
  resize,
  interpolation,
}: Preprocessing): Record<string, unknown> {
  const square = { height: size, width: size }
  return {
    image_processor_type: 'CLIPImageProcessor',
    do_convert_rgb: true,
    do_resize: true,
    size: resize === 'squash' ? square : { shortest_edge: size },
    resample: interpolation === 'bilinear' ? 2 : 3,
    do_center_crop: resize === 'shortest',
    ...(resize === 'shortest' ? { crop_size: square } : {}),
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: mean,
    image_std: std,
  }
}

/** `tokenizer.json` and what goes with it. CLIP's tokenizer in the terms of Hugging Face's tokenizers. */
export function tokenizerFiles({ vocabulary, startToken, endToken, contextLength }: Tokenizer): ExportFile[] {
  const marker = (id: number, content: string, normalized: boolean) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized,
  })
  const files = vocabularyFiles(vocabulary)
  const names = {
    bos_token: startOfText,
    eos_token: endOfText,
    unk_token: endOfText,
    pad_token: endOfText,
  }
  return [
    textFile(
      'tokenizer.json',
      `${JSON.stringify({
        version: '1.0',
        truncation: null,
        padding: null,
        added_tokens: [marker(startToken, startOfText, true), marker(endToken, endOfText, false)],
        normalizer: {
          type: 'Sequence',
          normalizers: [
            { type: 'NFC' },
            { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
            { type: 'Lowercase' },
          ],
        },
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [
            {
              type: 'Split',
              pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
              behavior: 'Removed',
              invert: true,
            },
            { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true },
          ],
        },
        post_processor: {
          type: 'RobertaProcessing',
          sep: [endOfText, endToken],
          cls: [startOfText, startToken],
          trim_offsets: false,
          add_prefix_space: false,
        },
        decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true },
        model: {
          type: 'BPE',
          dropout: null,
          unk_token: endOfText,
          continuing_subword_prefix: '',
          end_of_word_suffix: endOfWord,
          fuse_unk: false,
          vocab: Object.fromEntries(vocabulary.vocab),
          merges: vocabulary.merges,
        },
      })}\n`,
    ),
    jsonFile('tokenizer_config.json', {
      tokenizer_class: 'CLIPTokenizer',
      model_max_length: contextLength,
      add_prefix_space: false,
      do_lower_case: true,
      errors: 'replace',
      ...names,
    }),
    jsonFile('special_tokens_map.json', names),
    textFile('vocab.json', files['vocab.json']),
    textFile('merges.txt', files['merges.txt']),
  ]
}

/** A tensor of CLIP under the name and in the layout of a CLIPModel. */
export interface NamedTensor {
  readonly name: string
  readonly shape: readonly number[]
  load(): Promise<Float32Array>
}

/**
 * CLIP's tensors as a CLIPModel has them: query, key and value projections apart, the two output projections transposed.
 *
 * @throws ConfigError where the library has no such architecture
 */
export function clipModelTensors(tensors: readonly NamedTensor[], { vision }: ClipConfig): NamedTensor[] {
  if (vision.kind !== 'vit') {
    throw new ConfigError("Hugging Face's CLIPModel has no ResNet image tower")
  }
  return tensors.flatMap((tensor) => {
    const { name, shape, load } = tensor
    const block = /^(visual\.)?transformer\.resblocks\.(\d+)\.(.+)$/.exec(name)
    if (!block) {
      const target = names[name]
      if (!target) throw new TypeError(`no name for ${name}`)
      return [transposed.has(name) ? transpose({ name: target, shape, load }) : { name: target, shape, load }]
    }
    const prefix = `${block[1] ? 'vision' : 'text'}_model.encoder.layers.${block[2]}`
    const joined = /^attn\.in_proj_(weight|bias)$/.exec(block[3]!)
    if (!joined) {
      const end = block[3]!.lastIndexOf('.')
      return [{ name: `${prefix}.${parts[block[3]!.slice(0, end)]}${block[3]!.slice(end)}`, shape, load }]
    }
    const rows = shape[0]! / 3
    const size = shape.reduce((product, n) => product * n, 1) / 3
    return ['q', 'k', 'v'].map((letter, i) => ({
      name: `${prefix}.self_attn.${letter}_proj.${joined[1]}`,
      shape: [rows, ...shape.slice(1)],
      load: async () => (await load()).slice(i * size, (i + 1) * size),
    }))
  })
}

/** A matrix with rows and columns exchanged. */
export function transpose({ name, shape, load }: NamedTensor): NamedTensor {
  const [rows, columns] = shape as [number, number]
  return {
    name,
    shape: [columns, rows],
    async load() {
      const values = await load()
      const turned = new Float32Array(values.length)
      for (let i = 0; i < values.length; i++)
        turned[(i % columns) * rows + Math.floor(i / columns)] = values[i]!
      return turned
    },
  }
}

const transposed: ReadonlySet<string> = new Set(['text_projection', 'visual.proj'])

const names: Readonly<Record<string, string>> = {
  logit_scale: 'logit_scale',
  text_projection: 'text_projection.weight',
  'visual.proj': 'visual_projection.weight',
  'token_embedding.weight': 'text_model.embeddings.token_embedding.weight',
  positional_embedding: 'text_model.embeddings.position_embedding.weight',
  'ln_final.weight': 'text_model.final_layer_norm.weight',
  'ln_final.bias': 'text_model.final_layer_norm.bias',
  'visual.class_embedding': 'vision_model.embeddings.class_embedding',
  'visual.conv1.weight': 'vision_model.embeddings.patch_embedding.weight',
  'visual.positional_embedding': 'vision_model.embeddings.position_embedding.weight',
  'visual.ln_pre.weight': 'vision_model.pre_layrnorm.weight', // spelt so in the library
  'visual.ln_pre.bias': 'vision_model.pre_layrnorm.bias',
  'visual.ln_post.weight': 'vision_model.post_layernorm.weight',
  'visual.ln_post.bias': 'vision_model.post_layernorm.bias',
}

const parts: Readonly<Record<string, string>> = {
  'attn.out_proj': 'self_attn.out_proj',
  ln_1: 'layer_norm1',
  ln_2: 'layer_norm2',
  'mlp.c_fc': 'mlp.fc1',
  'mlp.c_proj': 'mlp.fc2',
}

/** Widths inside the blocks' MLPs, which the tensors tell. */
export function innerWidths({ tensors, config }: Clip): { text: number; vision: number } {
  const inner = (prefix: string) => tensors.shape(`${prefix}transformer.resblocks.0.mlp.c_fc.weight`)[0]!
  return {
    text: inner(''),
    vision: config.vision.kind === 'vit' ? inner('visual.') : 4 * config.vision.width,
  }
}
