import { Clip } from '../clip/clip.js'
import type { ClipConfig } from '../clip/config.js'
import type { ClipTensors } from '../clip/weights.js'
import { sizeOf } from '../graph/index.js'
import { randomStream } from '../random.js'
import type { Tokenizer } from '../tokenizer/tokenizer.js'
import { requiredTensors } from './clip-shapes.js'

// Models of published sizes and random weights: what they take in time and memory is what trained ones take.

/** Sizes of published models. */
export const backbones = {
  'ViT-B/32': vit(512, 224, 32, 768, 12, 512),
  'ViT-B/16': vit(512, 224, 16, 768, 12, 512),
  'ViT-L/14': vit(768, 224, 14, 1024, 24, 768),
  'EVA02-B/16': {
    ...vit(512, 224, 16, 768, 12, 512),
    activation: 'exact',
    vision: { kind: 'eva02', resolution: 224, patchSize: 16, width: 768, layers: 12, heads: 12 },
  },
  RN50: {
    embedDim: 1024,
    activation: 'quick',
    vision: { kind: 'resnet', resolution: 224, width: 64, stages: [3, 4, 6, 3], heads: 32 },
    text: { contextLength: 77, vocabSize: 49408, width: 512, layers: 12, heads: 8 },
  },
} as const satisfies Readonly<Record<string, ClipConfig>>

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

const EMBEDDING = 'token_embedding.weight'

/** Shapes of all tensors. */
export const clipShapes = (config: ClipConfig): Map<string, readonly number[]> =>
  new Map(requiredTensors(config, () => undefined))

/** Values of a tensor: gains and variances near 1, everything else small. Uniform rather than normal: a model's worth must be quick. */
export function randomValues(name: string, size: number): Float32Array {
  if (name === 'logit_scale') return Float32Array.of(Math.log(100))
  const random = randomStream(1, name)
  const data = new Float32Array(size)
  const center = /(ln_\w+|bn\d|norm\d?|downsample\.1)\.(weight|running_var)$/.test(name) ? 1 : 0
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
  return new Clip({ config, name: 'random', tokenizer, tensors: randomTensors(config) })
}

function randomTensors(config: ClipConfig): ClipTensors {
  const shapes = clipShapes(config)
  const shape = (name: string) => {
    const found = shapes.get(name)
    if (!found) throw new RangeError(`no tensor ${name}`)
    return found
  }
  return {
    shape,
    read: async (name) => randomValues(name, sizeOf(shape(name))),
    readRows: async (name, rows) => {
      const { width } = config.text
      const data = new Float32Array(rows.length * width)
      for (const [i, row] of rows.entries()) {
        // The token embedding is drawn row by row, so that a vocabulary costs nothing.
        const values =
          name === EMBEDDING
            ? randomValues(`${name}[${row}]`, width)
            : randomValues(name, sizeOf(shape(name))).subarray(row * width, (row + 1) * width)
        data.set(values, i * width)
      }
      return data
    },
  }
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
