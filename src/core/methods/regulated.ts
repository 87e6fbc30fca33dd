import * as z from 'zod'
import { photoTemplate, promptSrcTemplates } from '../clip/templates.js'
import { add, mul, type Tensor } from '../graph/index.js'
import type { LossTerms, Method } from './method.js'
import { agreementOfFeatures, agreementOfLogits } from './mutual-agreement.js'

/** The regulators of the PromptSRC paper, each with its weight or switch. A weight of 0 switches an agreement off. */
export interface Regulators {
  readonly textLossWeight: number
  readonly imageLossWeight: number
  readonly logitsLossWeight: number
  readonly gpa: boolean
  readonly gpaMean: number
  readonly gpaStd: number
  readonly diverseTeacher: boolean
}

/** Names of the regulators' options. */
export const regulatorOptions: readonly string[] = [
  'textLossWeight',
  'imageLossWeight',
  'logitsLossWeight',
  'gpa',
  'gpaMean',
  'gpaStd',
  'diverseTeacher',
]

const UNREGULATED = {
  textLossWeight: 0,
  imageLossWeight: 0,
  logitsLossWeight: 0,
  gpa: false,
  diverseTeacher: false,
}

/** Where the published Gaussian of 20 epochs has its mean, and how wide it is, as shares of all epochs. */
const PUBLISHED_GAUSSIAN = { mean: 15 / 20, std: 1 / 20 }

/**
 * A method with the regulators of PromptSRC on top, whatever its prompts are: agreement with frozen CLIP (equations 3
 * to 5), Gaussian aggregation of the prompts over the epochs (section 3.2.2), a teacher of many templates
 * (section 3.2.3).
 *
 *   L = L_method + w_text |text - text'| + w_image |image - image'| + w_logits KL(logits' || logits)
 *
 * @param enabled the regulators that are on by default; default: none
 */
export function regulated<O extends object>(
  method: Method<O>,
  enabled: Partial<typeof UNREGULATED> = {},
): Method<O & Regulators> {
  const on = { ...UNREGULATED, ...enabled }
  const { epochs } = method.defaults
  const weight = (value: number, of: string) =>
    z.number().min(0).default(value).describe(`weight of the agreement of ${of} with frozen CLIP`)
  const options = method.options.extend({
    textLossWeight: weight(on.textLossWeight, 'text features'),
    imageLossWeight: weight(on.imageLossWeight, 'image features'),
    logitsLossWeight: weight(on.logitsLossWeight, 'logits'),
    gpa: z.boolean().default(on.gpa).describe('average the prompts over the epochs with Gaussian weights'),
    gpaMean: z
      .number()
      .default(PUBLISHED_GAUSSIAN.mean * epochs)
      .describe('mean of the Gaussian over epochs, in epochs'),
    gpaStd: z
      .number()
      .positive()
      .default(Math.max(1, PUBLISHED_GAUSSIAN.std * epochs))
      .describe('standard deviation of the Gaussian over epochs, in epochs'),
    diverseTeacher: z
      .boolean()
      .default(on.diverseTeacher)
      .describe('frozen text features are the mean over 60 templates instead of those of one'),
  })
  const readsTeacher = (o: Regulators) => o.textLossWeight + o.imageLossWeight + o.logitsLossWeight > 0
  return {
    ...method,
    options: options as unknown as Method<O & Regulators>['options'],

    teacherTemplates(o) {
      if (!readsTeacher(o)) return undefined
      return o.diverseTeacher ? promptSrcTemplates : [photoTemplate]
    },

    aggregation: ({ gpa, gpaMean, gpaStd }) => (gpa ? { mean: gpaMean, std: gpaStd } : undefined),

    objective(o, features) {
      const own = method.objective(o, features)
      if (!readsTeacher(o)) return own
      const { text, image, logits, frozen } = features
      const terms = {
        ...(o.textLossWeight > 0
          ? { sclText: mul(agreementOfFeatures(text, frozen.text), o.textLossWeight) }
          : {}),
        ...(o.imageLossWeight > 0
          ? { sclImage: mul(agreementOfFeatures(image, frozen.image), o.imageLossWeight) }
          : {}),
        ...(o.logitsLossWeight > 0
          ? { sclLogits: mul(agreementOfLogits(logits, frozen.logits), o.logitsLossWeight) }
          : {}),
      } satisfies Record<string, Tensor>
      const total = Object.values(terms).reduce((sum, term) => add(sum, term), own.total)
      return { ce: own.total, ...own, ...terms, total } as LossTerms
    },
  }
}
