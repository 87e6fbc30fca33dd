import type { ClipConfig } from '../../src/core/clip/config.js'
import { backbones as published } from '../../src/core/weights/random-clip.js'

export { clipShapes, randomClip, randomValues, wordTokenizer } from '../../src/core/weights/random-clip.js'

/** Sizes of published models, by any name. */
export const backbones: Readonly<Record<string, ClipConfig>> = published

/** A model of the smallest sizes that tell its towers and layers apart. */
export const smallConfig: ClipConfig = {
  embedDim: 32,
  activation: 'quick',
  vision: { kind: 'vit', resolution: 32, patchSize: 16, width: 128, layers: 3, heads: 2 },
  text: { contextLength: 24, vocabSize: 49408, width: 64, layers: 2, heads: 1 },
}
