import * as z from 'zod'
import { datasetTemplate, photoTemplate } from '../clip/templates.js'
import { add, mul } from '../graph/index.js'
import { contextOptions, learnedContext, PHOTO } from './context-vectors.js'
import type { Method } from './method.js'
import { cosineDistance, crossEntropy, type PromptedMethod, promptedFeatures } from './prompted-features.js'

/** Options of {@link knowledgeGuided}. */
export const knowledgeOptions = {
  knowledgeWeight: z
    .number()
    .min(0)
    .default(8)
    .describe('weight of the distance of the text features from those of the hand-written prompt'),
  template: z.string().default(photoTemplate).describe('the hand-written prompt, with {} for the class name'),
}

const options = z.strictObject({
  ...contextOptions(4, PHOTO),
  ...knowledgeOptions,
})

const CONTEXT = 'prompt_learner.ctx'

/**
 * The teacher and the objective that hold class embeddings w_i near those of a hand-written prompt, w_i^clip:
 * L = L_ce + lambda (1 / N_c) sum_i (1 - cos(w_i, w_i^clip)).
 */
export function knowledgeGuided({
  knowledgeWeight,
  template,
}: {
  readonly knowledgeWeight: number
  readonly template: string
}): Pick<PromptedMethod, 'teacher' | 'objective'> {
  return {
    teacher: { templates: [template], combination: 'mean' },
    objective({ text, logits, labels, frozen }) {
      const ce = crossEntropy(logits, labels)
      const knowledge = mul(cosineDistance(text, frozen.text), knowledgeWeight)
      return { total: add(ce, knowledge), ce, knowledge }
    },
  }
}

/**
 * Knowledge-guided context optimization: CoOp's context vectors, whose class embeddings w_i are held near those of a
 * hand-written prompt, w_i^clip (section 3.2):
 *
 *   L = L_ce + lambda L_kg,  L_kg = (1 / N_c) sum_i (1 - cos(w_i, w_i^clip))
 *
 * The paper writes L_kg = (1 / N_c) sum_i ||w_i - w_i^clip||^2, which of vectors of length 1 is twice that; its code, with
 * which lambda = 8 was chosen, takes the cosine.
 */
export const kgcoop: Method<typeof options> = {
  name: 'kgcoop',
  title: 'KgCoOp',
  paper: 'Yao et al., "Visual-Language Prompt Tuning with Knowledge-guided Context Optimization", CVPR 2023',
  summary: "context vectors whose class embeddings are held near a hand-written prompt's",
  options,
  defaults: { epochs: 100, batchSize: 128, learningRate: 0.002, shots: 16 },

  configure(options, clip, classNames) {
    const { vectors, words } = learnedContext(CONTEXT, options, clip)
    return promptedFeatures(clip, classNames, {
      parameters: [vectors],
      prompts: (parameter) => ({ text: [{ context: parameter(CONTEXT), words }] }),
      ...knowledgeGuided(options),
    })
  },

  published: ({ source }) => ({ methodOptions: { template: datasetTemplate(source) } }),
}
