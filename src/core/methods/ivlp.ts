import * as z from 'zod'
import { crossEntropy } from './cross-entropy.js'
import type { Method } from './method.js'
import {
  checkStartingWords,
  type VlPromptOptions,
  vlDepths,
  vlParameters,
  vlPromptOptions,
  vlPrompts,
} from './vl-prompts.js'

/** Independent vision-language prompting: prompts in both towers, trained by cross-entropy alone. */
export const ivlp: Method<VlPromptOptions> = {
  name: 'ivlp',
  title: 'IVLP',
  paper: 'Khattak et al., "Self-regulating Prompts", ICCV 2023, section 3.1 (the baseline)',
  summary: 'independent vision-language prompts, trained by cross-entropy alone',
  options: z.strictObject(vlPromptOptions),
  defaults: { epochs: 20, batchSize: 4, learningRate: 0.0025, shots: 16 },
  depths: vlDepths,
  checkGiven: ({ contextInit }, { textContext }) =>
    checkStartingWords(contextInit, textContext, 'textContext'),
  parameters: vlParameters,
  prompts: vlPrompts,
  objective: (_options, { logits, labels }) => ({ total: crossEntropy(logits, labels) }),
}
