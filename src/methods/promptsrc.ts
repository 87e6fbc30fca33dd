import { z } from 'zod'
import { promptSrcTemplates } from '../clip/templates.js'
import { add, mul } from '../graph/index.js'
import { agreementOfFeatures, agreementOfLogits } from '../regulators/mutual-agreement.js'
import { crossEntropy } from './cross-entropy.js'
import type { Method } from './method.js'
import { vlContext, vlParameters, vlPromptOptions, vlPrompts } from './vl-prompts.js'

const options = z.strictObject({
  ...vlPromptOptions,
  textLossWeight: z.number().min(0).default(25).describe('weight of the agreement of text features'),
  imageLossWeight: z.number().min(0).default(10).describe('weight of the agreement of image features'),
  logitsLossWeight: z.number().min(0).default(1).describe('weight of the agreement of logits'),
  gpaMean: z.number().default(15).describe('mean of the Gaussian over epochs, in epochs'),
  gpaStd: z
    .number()
    .positive()
    .default(1)
    .describe('standard deviation of the Gaussian over epochs, in epochs'),
})

/** Options of PromptSRC; defaults are the published base-to-novel configuration. */
export type PromptSrcOptions = z.infer<typeof options>

/**
 * PromptSRC: independent vision-language prompts regulated by frozen CLIP (equations 3 to 5), averaged over
 * the epochs with Gaussian weights (section 3.2.2), with a teacher of many templates (section 3.2.3).
 *
 *   L = L_CE + w_text |text - text'| + w_image |image - image'| + w_logits KL(logits' || logits)
 */
export const promptSrc: Method<PromptSrcOptions> = {
  name: 'promptsrc',
  title: 'PromptSRC',
  paper:
    'Khattak et al., "Self-regulating Prompts: Foundational Model Adaptation without Forgetting", ICCV 2023',
  summary: 'vision-language prompts regulated by frozen CLIP, so that new classes are not forgotten',
  options,
  defaults: { epochs: 20, batchSize: 4, learningRate: 0.0025, shots: 16 },
  context: vlContext,
  parameters: vlParameters,
  prompts: vlPrompts,
  teacherTemplates: () => promptSrcTemplates,
  aggregation: ({ gpaMean, gpaStd }) => ({ mean: gpaMean, std: gpaStd }),

  objective({ textLossWeight, imageLossWeight, logitsLossWeight }, { text, image, logits, labels, frozen }) {
    const ce = crossEntropy(logits, labels)
    const sclText = mul(agreementOfFeatures(text, frozen.text), textLossWeight)
    const sclImage = mul(agreementOfFeatures(image, frozen.image), imageLossWeight)
    const sclLogits = mul(agreementOfLogits(logits, frozen.logits), logitsLossWeight)
    return { total: add(add(ce, sclText), add(sclImage, sclLogits)), ce, sclText, sclImage, sclLogits }
  },
}
