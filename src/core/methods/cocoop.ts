import * as z from 'zod'
import { linear } from '../clip/block.js'
import { add, relu, reshape, type Tensor } from '../graph/index.js'
import { contextOptions, layerOf, learnedContext, linearLayer, PHOTO } from './context-vectors.js'
import type { Method } from './method.js'
import { promptedFeatures } from './prompted-features.js'
import { precision, type ReferenceConfig, referenceSettings, wordsDecideLength } from './reference.js'

const options = z.strictObject(contextOptions(4, PHOTO))

const CONTEXT = 'prompt_learner.ctx'
const HIDDEN_LAYER = 'prompt_learner.meta_net.linear1'
const OUTPUT_LAYER = 'prompt_learner.meta_net.linear2'

/** The meta-network's hidden layer is that much smaller than the image feature. */
const REDUCTION = 16

/**
 * Conditional context optimization: a small meta-network h makes a vector of the image x that is added to every context
 * vector, so that each image has prompts of its own (section 3.2): v_m(x) = v_m + h(x).
 */
export const cocoop: Method<typeof options> = {
  name: 'cocoop',
  title: 'CoCoOp',
  paper: 'Zhou et al., "Conditional Prompt Learning for Vision-Language Models", CVPR 2022',
  summary: 'context vectors shifted for every image by a small network',
  options,
  defaults: { epochs: 10, batchSize: 1, learningRate: 0.002, shots: 16 },

  configure(options, clip, classNames) {
    const { embedDim, text } = clip.config
    const hidden = Math.max(1, Math.floor(embedDim / REDUCTION))
    const { vectors, words } = learnedContext(CONTEXT, options, clip)
    return promptedFeatures(clip, classNames, {
      parameters: [
        vectors,
        ...linearLayer(HIDDEN_LAYER, embedDim, hidden),
        ...linearLayer(OUTPUT_LAYER, hidden, text.width),
      ],
      prompts(parameter) {
        const layer = (name: string) => layerOf(parameter, name)
        const metaNet = (image: Tensor) =>
          linear(relu(linear(image, layer(HIDDEN_LAYER))), layer(OUTPUT_LAYER))
        return {
          text(image) {
            const shift = reshape(metaNet(image), [-1, 1, text.width])
            return { context: add(parameter(CONTEXT), shift), words }
          },
        }
      },
    })
  },

  published: () => referenceSettings(cocoop, 'vit_b16_c4_ep10_batch1_ctxv1'),

  reference: {
    trainer: 'CoCoOp',
    folder: 'prompt_learner',
    alone: true,
    keys: {
      N_CTX: { option: 'context', value: 16 },
      CTX_INIT: { option: 'contextInit', value: '' },
      PREC: precision,
    },
    adjust: wordsDecideLength,
    configs: [
      config('vit_b16_c4_ep10_batch1_ctxv1', 'a context from "a photo of a"', 4, 'a photo of a'),
      config('vit_b16_c4_ep10_batch1', '4 random context vectors', 4, ''),
      config('vit_b16_c8_ep10_batch1', '8 random context vectors', 8, ''),
      config('vit_b16_c16_ep10_batch1', '16 random context vectors', 16, ''),
    ],
    recognise: ({ names, shape }) =>
      names.some((name) => name.includes('meta_net.'))
        ? { context: shape('ctx')!.at(-2), contextInit: '' }
        : undefined,
  },
}

function config(file: string, use: string, vectors: number, words: string): ReferenceConfig {
  const values = { N_CTX: vectors, CTX_INIT: words, PREC: 'fp16' }
  return { file, use, epochs: 10, batchSize: 1, learningRate: 0.002, values }
}
