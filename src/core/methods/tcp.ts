import * as z from 'zod'
import { linear } from '../clip/block.js'
import { datasetTemplate } from '../clip/templates.js'
import { quickGelu, reshape, type Tensor } from '../graph/index.js'
import { contextOptions, layerOf, learnedContext, linearLayer } from './context-vectors.js'
import { knowledgeGuided, knowledgeOptions } from './kgcoop.js'
import type { Method } from './method.js'
import { promptedFeatures } from './prompted-features.js'

const { context, contextInit } = contextOptions(4, '')

const options = z.strictObject({
  context: context.describe(
    'context vectors, and as many tokens of every class; with contextInit its number of words',
  ),
  contextInit,
  block: z
    .int()
    .min(1)
    .default(9)
    .describe("text block, from 1, at whose input the class's tokens take the context's place"),
  ...knowledgeOptions,
})

const CONTEXT = 'prompt_learner.ctx'
const DOWN = 'prompt_learner.meta_net.linear1'
const UP = 'prompt_learner.meta_net.linear2'

/** The network's hidden layer is that much smaller than the text feature. */
const REDUCTION = 4

/**
 * Textual-based class-aware prompts: a small network T maps the frozen text feature w_i^clip of a class to tokens
 * T_i of its own, which take the context's place in the middle of the text tower (section 3.2), so that new classes get
 * tokens, too:
 *
 *   T_i = reshape(W_2 quickGelu(W_1 w_i^clip + b_1) + b_2)
 *
 * Training adds KgCoOp's knowledge-guided term to cross-entropy: L = L_ce + omega (1 / N_c) sum_i (1 - cos(w_i, w_i^clip)).
 */
export const tcp: Method<typeof options> = {
  name: 'tcp',
  title: 'TCP',
  paper: 'Yao et al., "TCP: Textual-based Class-aware Prompt Tuning for Visual-Language Model", CVPR 2024',
  summary: "text tokens made of what frozen CLIP knows of a class take the context's place in one block",
  options,
  defaults: { epochs: 50, batchSize: 32, learningRate: 0.002, shots: 16 },
  depths: { block: ['text'] },

  configure(options, clip, classNames) {
    const { block } = options
    const { embedDim, text } = clip.config
    const hidden = Math.max(1, Math.floor(embedDim / REDUCTION))
    const { vectors, words } = learnedContext(CONTEXT, options, clip)
    const tokens = vectors.shape[0]!
    return promptedFeatures(clip, classNames, {
      parameters: [
        vectors,
        ...linearLayer(DOWN, embedDim, hidden),
        ...linearLayer(UP, hidden, tokens * text.width),
      ],
      prompts(parameter) {
        const layer = (name: string) => layerOf(parameter, name)
        const classTokens = (frozen: Tensor) =>
          reshape(linear(quickGelu(linear(frozen, layer(DOWN))), layer(UP)), [-1, tokens, text.width])
        return {
          text: [{ context: parameter(CONTEXT), words, own: { block: block - 1, of: classTokens } }],
        }
      },
      adamW: { epsilon: 1e-3, weightDecay: 5e-4, coupled: true },
      ...knowledgeGuided(options),
    })
  },

  published: ({ source }) => ({
    epochs: source === 'ImageNet' || source === 'SUN397' ? 25 : 50,
    methodOptions: { template: datasetTemplate(source) },
  }),
}
