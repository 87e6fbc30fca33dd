import * as z from 'zod'
import { linear } from '../clip/block.js'
import { add, relu, reshape, type Tensor } from '../graph/index.js'
import { contextFromWords, initialWords, linearLayer, placeholder, randomPrompts } from './context-vectors.js'
import { crossEntropy } from './cross-entropy.js'
import type { Method } from './method.js'

const options = z.strictObject({
  context: z.int().min(1).default(4).describe('context vectors; with contextInit its number of words'),
  contextInit: z.string().default('a photo of a').describe('words the context starts from; empty: random'),
})

/** Options of CoCoOp; defaults are the published base-to-novel configuration. */
export type CocoopOptions = z.infer<typeof options>

const CONTEXT = 'prompt_learner.ctx'
const HIDDEN_LAYER = 'prompt_learner.meta_net.linear1'
const OUTPUT_LAYER = 'prompt_learner.meta_net.linear2'

/** The meta-network's hidden layer is that much smaller than the image feature. */
const REDUCTION = 16

/**
 * Conditional context optimization: a small meta-network h makes a vector of the image x that is added to every context
 * vector, so that each image has prompts of its own (section 3.2): v_m(x) = v_m + h(x).
 */
export const cocoop: Method<CocoopOptions> = {
  name: 'cocoop',
  title: 'CoCoOp',
  paper: 'Zhou et al., "Conditional Prompt Learning for Vision-Language Models", CVPR 2022',
  summary: 'context vectors shifted for every image by a small network',
  options,
  defaults: { epochs: 10, batchSize: 1, learningRate: 0.002, shots: 16 },

  parameters({ context, contextInit }, clip) {
    const { embedDim, text } = clip.config
    const hidden = Math.max(1, Math.floor(embedDim / REDUCTION))
    return [
      contextInit === ''
        ? randomPrompts(CONTEXT, [context, text.width])
        : contextFromWords(CONTEXT, contextInit, clip),
      ...linearLayer(HIDDEN_LAYER, embedDim, hidden),
      ...linearLayer(OUTPUT_LAYER, hidden, text.width),
    ]
  },

  prompts({ context, contextInit }, clip, parameter) {
    const layer = (name: string) => ({ weight: parameter(`${name}.weight`), bias: parameter(`${name}.bias`) })
    const metaNet = (image: Tensor) => linear(relu(linear(image, layer(HIDDEN_LAYER))), layer(OUTPUT_LAYER))
    const words = contextInit === '' ? placeholder(context) : initialWords(contextInit)
    return {
      text(image) {
        const shift = reshape(metaNet(image), [-1, 1, clip.config.text.width])
        return { context: add(parameter(CONTEXT), shift), words }
      },
    }
  },

  objective: (_options, { logits, labels }) => ({ total: crossEntropy(logits, labels) }),
}
