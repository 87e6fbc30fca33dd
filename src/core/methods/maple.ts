import * as z from 'zod'
import { linear } from '../clip/block.js'
import type { Clip } from '../clip/clip.js'
import { ConfigError } from '../errors.js'
import type { Tensor } from '../graph/index.js'
import { linearLayer, placeholder, randomPrompts } from './context-vectors.js'
import { crossEntropy } from './cross-entropy.js'
import type { Method } from './method.js'
import { checkStartingWords, contextVectors, startingWords } from './vl-prompts.js'

const options = z.strictObject({
  contextInit: z
    .string()
    .default('a photo of a')
    .describe('words the context starts from (up to 4 vectors); empty: random'),
  context: z.int().min(1).default(2).describe('context vectors, and as many visual prompts'),
  depth: z.int().min(1).default(9).describe('blocks of both towers with prompts of their own'),
})

/** Options of MaPLe; defaults are the published base-to-novel configuration. */
export type MapleOptions = z.infer<typeof options>

const CONTEXT = 'prompt_learner.ctx'
const COUPLING = 'prompt_learner.proj'
const deepPrompt = (i: number) => `prompt_learner.compound_prompts_text.${i}`
const deepCoupling = (i: number) => `prompt_learner.compound_prompt_projections.${i}`

/** Prompts at blocks 1 .. depth - 1; block 0 has the context. */
const deepBlocks = ({ depth }: MapleOptions, { config: { text }, imageTower }: Clip): number[] => {
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
export const maple: Method<MapleOptions> = {
  name: 'maple',
  title: 'MaPLe',
  paper: 'Khattak et al., "MaPLe: Multi-modal Prompt Learning", CVPR 2023',
  summary: 'text prompts coupled to visual prompts by learned projections, in several blocks',
  options,
  defaults: { epochs: 2, batchSize: 4, learningRate: 0.0035, shots: 16 },
  depths: { depth: ['text', 'image'] },

  checkGiven: ({ contextInit }, { context }) => checkStartingWords(contextInit, context, 'context'),

  parameters(options, clip) {
    const { text } = clip.config
    const { promptBlocks, width, title } = clip.imageTower
    if (promptBlocks === 0) {
      throw new ConfigError(`MaPLe needs a Vision Transformer; ${clip.name} has a ${title} image tower`, {
        hint: 'Choose a ViT model, or CoOp or CoCoOp, which prompt the text tower alone.',
      })
    }
    const deep = deepBlocks(options, clip)
    return [
      contextVectors(CONTEXT, options.contextInit, options.context, clip),
      ...linearLayer(COUPLING, text.width, width),
      ...deep.map((i) => randomPrompts(deepPrompt(i), [options.context, text.width])),
      ...deep.flatMap((i) => linearLayer(deepCoupling(i), text.width, width, deepCoupling(0))),
    ]
  },

  prompts(options, clip, parameter) {
    const { context, contextInit } = options
    const couple = (prompt: Tensor, layer: string) =>
      linear(prompt, { weight: parameter(`${layer}.weight`), bias: parameter(`${layer}.bias`) })
    const words = startingWords(contextInit, context) ?? placeholder(context)
    const deep = deepBlocks(options, clip).map((i) => parameter(deepPrompt(i)))
    return {
      text: [{ context: parameter(CONTEXT), words, deep }],
      visual: {
        input: couple(parameter(CONTEXT), COUPLING),
        deep: deep.map((prompt, i) => couple(prompt, deepCoupling(i))),
      },
    }
  },

  objective: (_options, { logits, labels }) => ({ total: crossEntropy(logits, labels) }),
}
