import { Clip } from '../../src/core/clip/clip.js'
import type { ClipConfig } from '../../src/core/clip/config.js'
import { sizeOf } from '../../src/core/graph/index.js'
import { randomStream } from '../../src/core/random.js'
import type { Tokenizer } from '../../src/core/tokenizer/tokenizer.js'

/** Sizes of the published ViT models. */
export const backbones: Record<string, ReturnType<typeof vit>> = {
  'ViT-B/32': vit(512, 224, 32, 768, 12, 512),
  'ViT-B/16': vit(512, 224, 16, 768, 12, 512),
  'ViT-L/14': vit(768, 224, 14, 1024, 24, 768),
}

function vit(
  embedDim: number,
  resolution: number,
  patchSize: number,
  width: number,
  layers: number,
  text: number,
) {
  return {
    embedDim,
    activation: 'quick' as const,
    vision: { kind: 'vit' as const, resolution, patchSize, width, layers, heads: width / 64 },
    text: { contextLength: 77, vocabSize: 49408, width: text, layers: 12, heads: text / 64 },
  }
}

/** A model of the smallest sizes that tell its towers and layers apart. */
export const smallConfig: ClipConfig = {
  embedDim: 32,
  activation: 'quick',
  vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 128, layers: 3, heads: 2 },
  text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
}

/** Shapes of all tensors but the token embedding, which is drawn row by row. */
export function clipShapes(config: ClipConfig): Map<string, number[]> {
  const { vision, text, embedDim } = config
  if (vision.kind !== 'vit') throw new TypeError('ViT only')
  const shapes = new Map<string, number[]>()
  const blocks = (prefix: string, width: number, layers: number) => {
    for (let i = 0; i < layers; i++) {
      const name = `${prefix}transformer.resblocks.${i}`
      shapes.set(`${name}.attn.in_proj_weight`, [3 * width, width])
      shapes.set(`${name}.attn.in_proj_bias`, [3 * width])
      shapes.set(`${name}.attn.out_proj.weight`, [width, width])
      shapes.set(`${name}.attn.out_proj.bias`, [width])
      shapes.set(`${name}.mlp.c_fc.weight`, [4 * width, width])
      shapes.set(`${name}.mlp.c_fc.bias`, [4 * width])
      shapes.set(`${name}.mlp.c_proj.weight`, [width, 4 * width])
      shapes.set(`${name}.mlp.c_proj.bias`, [width])
      for (const ln of ['ln_1', 'ln_2']) {
        shapes.set(`${name}.${ln}.weight`, [width])
        shapes.set(`${name}.${ln}.bias`, [width])
      }
    }
  }
  const tokens = 1 + (vision.resolution / vision.patchSize) ** 2
  shapes.set('visual.conv1.weight', [vision.width, 3, vision.patchSize, vision.patchSize])
  shapes.set('visual.class_embedding', [vision.width])
  shapes.set('visual.positional_embedding', [tokens, vision.width])
  for (const ln of ['visual.ln_pre', 'visual.ln_post']) {
    shapes.set(`${ln}.weight`, [vision.width])
    shapes.set(`${ln}.bias`, [vision.width])
  }
  blocks('visual.', vision.width, vision.layers)
  shapes.set('visual.proj', [vision.width, embedDim])
  blocks('', text.width, text.layers)
  shapes.set('positional_embedding', [text.contextLength, text.width])
  shapes.set('ln_final.weight', [text.width])
  shapes.set('ln_final.bias', [text.width])
  shapes.set('text_projection', [text.width, embedDim])
  shapes.set('logit_scale', [])
  return shapes
}

/** Values of a tensor: gains near 1, everything else small. Uniform rather than normal: a model's worth must be quick. */
export function randomValues(name: string, size: number): Float32Array {
  if (name === 'logit_scale') return Float32Array.of(Math.log(100))
  const random = randomStream(1, name)
  const data = new Float32Array(size)
  const center = /ln_\w+\.weight$/.test(name) ? 1 : 0
  // One block of draws, repeated: the arithmetic does not depend on the values.
  const block = Float32Array.from(
    { length: Math.min(size, 65537) },
    () => center + 0.06 * (random.uniform() - 0.5),
  )
  for (let i = 0; i < size; i += block.length)
    data.set(block.subarray(0, Math.min(block.length, size - i)), i)
  return data
}

/** A CLIP of random weights, made when they are read. */
export function randomClip(config: ClipConfig, tokenizer: Tokenizer): Clip {
  const shapes = clipShapes(config)
  const shape = (name: string) => {
    const found = shapes.get(name)
    if (!found) throw new RangeError(`no tensor ${name}`)
    return found
  }
  return new Clip({
    config,
    name: 'random',
    tokenizer,
    tensors: {
      shape,
      read: async (name) => randomValues(name, sizeOf(shape(name))),
      readRows: async (name, rows) => {
        const width = config.text.width
        const data = new Float32Array(rows.length * width)
        for (const [i, row] of rows.entries()) {
          // The token embedding is drawn row by row, so that a vocabulary costs nothing.
          const values =
            name === 'token_embedding.weight'
              ? randomValues(`${name}[${row}]`, width)
              : randomValues(name, sizeOf(shape(name))).subarray(row * width, (row + 1) * width)
          data.set(values, i * width)
        }
        return data
      },
    },
  })
}

/** A tokenizer of words for models without a vocabulary: every word is one token, a final full stop another. */
export const wordTokenizer: Pick<Tokenizer, 'startToken' | 'endToken' | 'encode' | 'tokenize'> = {
  startToken: 49406,
  endToken: 49407,
  encode: (text) => {
    const words = text.replace(/\.$/, ' .').split(/\s+/).filter(Boolean)
    return words.map((word) => [...word].reduce((h, c) => (h * 31 + c.charCodeAt(0)) % 49000, 7))
  },
  tokenize: (text) => [49406, ...wordTokenizer.encode(text), 49407],
}
