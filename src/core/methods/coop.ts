import * as z from 'zod'
import { ConfigError } from '../errors.js'
import { contextFromWords, initialWords, placeholder, randomPrompts } from './context-vectors.js'
import { crossEntropy } from './cross-entropy.js'
import type { Method } from './method.js'

const options = z.strictObject({
  context: z.int().min(1).default(16).describe('context vectors; with contextInit its number of words'),
  contextInit: z.string().default('').describe('words the context starts from; empty: random'),
  classSpecific: z
    .boolean()
    .default(false)
    .describe(
      'a context of its own for every class; not with contextInit, and for the trained classes alone',
    ),
  classPosition: z
    .enum(['end', 'middle', 'front'])
    .default('end')
    .describe('where the class name stands among the context vectors'),
})

/** Options of CoOp; defaults are the published base-to-novel configuration. */
export type CoopOptions = z.infer<typeof options>

const CONTEXT = 'prompt_learner.ctx'

/** Contexts are class-specific only where they start at random (as the reference does). */
const isClassSpecific = ({ classSpecific, contextInit }: CoopOptions) => classSpecific && contextInit === ''

/**
 * Context optimization: the words around the class name become vectors, learned by cross-entropy through the frozen
 * text tower (equations 2 to 4): t_i = [V]_1 .. [V]_M [CLASS]_i.
 */
export const coop: Method<CoopOptions> = {
  name: 'coop',
  title: 'CoOp',
  paper: 'Zhou et al., "Learning to Prompt for Vision-Language Models", IJCV 2022',
  summary: 'learned context vectors around the class name, in the text tower alone',
  options,
  defaults: { epochs: 50, batchSize: 32, learningRate: 0.002, shots: 16 },

  checkGiven({ classSpecific, contextInit }) {
    if (!classSpecific || !contextInit) return
    throw new ConfigError(
      'coop options classSpecific and contextInit: contexts of each class start at random',
      {
        hint: 'Leave one of them out.',
      },
    )
  },

  parameters(options, clip, classes) {
    const { context, contextInit } = options
    if (contextInit !== '') return [contextFromWords(CONTEXT, contextInit, clip)]
    const { width } = clip.config.text
    return [randomPrompts(CONTEXT, [...(isClassSpecific(options) ? [classes] : []), context, width])]
  },

  prompts(options, _clip, parameter) {
    const { context, contextInit, classPosition: position } = options
    const words = contextInit === '' ? placeholder(context) : initialWords(contextInit)
    const each = isClassSpecific(options) ? 'class' : 'prompt'
    return { text: [{ context: parameter(CONTEXT), words, position, each }] }
  },

  objective: (_options, { logits, labels }) => ({ total: crossEntropy(logits, labels) }),
}
