import { ivlp } from './ivlp.js'
import { regulated } from './regulated.js'

/**
 * PromptSRC: independent vision-language prompts under all three regulators; the defaults are the published
 * base-to-novel configuration.
 */
export const promptSrc = regulated(
  {
    ...ivlp,
    name: 'promptsrc',
    title: 'PromptSRC',
    paper:
      'Khattak et al., "Self-regulating Prompts: Foundational Model Adaptation without Forgetting", ICCV 2023',
    summary: 'vision-language prompts regulated by frozen CLIP, so that new classes are not forgotten',
  },
  { textLossWeight: 25, imageLossWeight: 10, logitsLossWeight: 1, gpa: true, diverseTeacher: true },
)
