import * as z from 'zod'
import { linear } from '../clip/block.js'
import type { Clip } from '../clip/clip.js'
import { ConfigError } from '../errors.js'
import type { Tensor } from '../graph/index.js'
import {
  checkStartingWords,
  contextVectors,
  layerOf,
  linearLayer,
  MOST_PROMPTS,
  PHOTO,
  placeholder,
  randomPrompts,
  startingWords,
} from './context-vectors.js'
import type { Method } from './method.js'
import { promptedFeatures } from './prompted-features.js'
import { acrossDatasets, precision, type ReferenceConfig, referenceSettings } from './reference.js'

const options = z.strictObject({
  contextInit: z
    .string()
    .default(PHOTO)
    .describe('words the context starts from (up to 4 vectors); empty: random'),
  context: z
    .int()
    .min(1)
    .max(MOST_PROMPTS)
    .default(2)
    .describe('context vectors, and as many visual prompts'),
  depth: z.int().min(1).default(9).describe('blocks of both towers with prompts of their own'),
})

const CONTEXT = 'prompt_learner.ctx'
const COUPLING = 'prompt_learner.proj'
const deepPrompt = (i: number) => `prompt_learner.compound_prompts_text.${i}`
const deepCoupling = (i: number) => `prompt_learner.compound_prompt_projections.${i}`

/** Prompts at blocks 1 .. depth - 1; block 0 has the context. */
const deepBlocks = ({ depth }: z.infer<typeof options>, { config: { text }, imageTower }: Clip): number[] => {
  const layers = Math.max(text.layers, imageTower.promptBlocks)
  return Array.from({ length: Math.min(depth, layers) - 1 }, (_, i) => i)
}

/**
 * Multi-modal prompt learning: context vectors P_k at the first blocks of the text tower, and coupling functions F_k,
 * linear layers, that make the image tower's prompts of them, so that both towers learn together (equations 4 to 8):
 *
 *   P~_k = F_k(P_k),  k = 0 .. depth - 1
 *
 * The coupling functions of deep prompts start as copies of one layer (as in the reference code).
 */
export const maple: Method<typeof options> = {
  name: 'maple',
  title: 'MaPLe',
  paper: 'Khattak et al., "MaPLe: Multi-modal Prompt Learning", CVPR 2023',
  summary: 'text prompts coupled to visual prompts by learned projections, in several blocks',
  options,
  defaults: { epochs: 2, batchSize: 4, learningRate: 0.0035, shots: 16 },
  depths: { depth: ['text', 'image'] },

  check: ({ contextInit, context }) => checkStartingWords(contextInit, context, 'context'),

  configure(options, clip, classNames) {
    const { context, contextInit } = options
    const { text } = clip.config
    const { promptBlocks, width, title } = clip.imageTower
    if (promptBlocks === 0) {
      throw new ConfigError(`MaPLe needs a Vision Transformer; ${clip.name} has a ${title} image tower`, {
        hint: 'Choose a ViT model, or CoOp or CoCoOp, which prompt the text tower alone.',
      })
    }
    const blocks = deepBlocks(options, clip)
    const words = startingWords(contextInit, context) ?? placeholder(context)
    return promptedFeatures(clip, classNames, {
      parameters: [
        contextVectors(CONTEXT, contextInit, context, clip),
        ...linearLayer(COUPLING, text.width, width),
        ...blocks.map((i) => randomPrompts(deepPrompt(i), [context, text.width])),
        ...blocks.flatMap((i) => linearLayer(deepCoupling(i), text.width, width, deepCoupling(0))),
      ],
      prompts(parameter) {
        const couple = (prompt: Tensor, layer: string) => linear(prompt, layerOf(parameter, layer))
        const deep = blocks.map((i) => parameter(deepPrompt(i)))
        return {
          text: [{ context: parameter(CONTEXT), words, deep }],
          visual: {
            input: couple(parameter(CONTEXT), COUPLING),
            deep: deep.map((prompt, i) => couple(prompt, deepCoupling(i))),
          },
        }
      },
    })
  },

  published: (training) =>
    referenceSettings(
      maple,
      `vit_b16_c2_ep5_batch4_2ctx${acrossDatasets(training) ? '_cross_datasets' : ''}`,
    ),

  reference: {
    trainer: 'MaPLe',
    folder: 'MultiModalPromptLearner',
    alone: false,
    keys: {
      N_CTX: { option: 'context', value: 2 },
      CTX_INIT: { option: 'contextInit', value: PHOTO },
      PREC: precision,
      PROMPT_DEPTH: { option: 'depth', value: 9 },
    },
    configs: [
      config('vit_b16_c2_ep5_batch4_2ctx', 'base-to-novel', 0.0035, 9),
      config('vit_b16_c2_ep5_batch4_2ctx_cross_datasets', 'cross-dataset, domain generalization', 0.0026, 3),
    ],
    recognise({ names, shape }) {
      if (!names.some((name) => name.includes('prompt_learner.proj.'))) return undefined
      const deep = names.filter((name) => /compound_prompts_text\.\d+$/.test(name)).length
      return { context: shape('ctx')!.at(-2), depth: 1 + deep }
    },
  },
}

function config(file: string, use: string, learningRate: number, depth: number): ReferenceConfig {
  const values = { N_CTX: 2, CTX_INIT: PHOTO, PREC: 'fp16', PROMPT_DEPTH: depth }
  return { file, use, epochs: 2, batchSize: 4, learningRate, values }
}
