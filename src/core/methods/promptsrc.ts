import * as z from 'zod'
import { photoTemplate, promptSrcTemplates } from '../clip/templates.js'
import type { ClassTexts } from '../clip/text-features.js'
import { ConfigError } from '../errors.js'
import { abs, add, exp, logSoftmax, mean, mul, sub, type Tensor } from '../graph/index.js'
import {
  hasTeacher,
  ivlp,
  recogniseVlPrompts,
  vlKeys,
  vlPromptOptions,
  vlValues,
  withoutVisualPrompts,
} from './ivlp.js'
import type { Configuration, LossTerms, Method, Step, StepInputs } from './method.js'
import { averages } from './prompt-aggregation.js'
import { cosineDistance } from './prompted-features.js'
import { acrossDatasets, type ReferenceConfig, referenceSettings } from './reference.js'

// PromptSRC: Khattak, Wasim, Naseer, Khan, Yang, Khan, "Self-regulating Prompts: Foundational Model Adaptation without
// Forgetting", ICCV 2023. In the paper's order: the prompts (section 3.1, in ivlp.ts), the three regulators (section
// 3.2), and the method that has them all. The regulators hold for the prompts of any method.

// ---- Section 3.2.1: mutual agreement maximisation, p agrees with frozen CLIP ----

/**
 * L_SCL-text = mean |g~_p - g~| and L_SCL-image = mean |f~_p - f~| (equation 3): the mean absolute difference of
 * L2-normalised prompted and frozen features, over all entries.
 */
export function agreementOfFeatures(prompted: Tensor, frozen: Tensor): Tensor {
  return mean(abs(sub(prompted, frozen)))
}

/** What features are matched by: the published mean absolute difference, and the two that the paper compares it with (table 5). */
const matchings = {
  l1: agreementOfFeatures,
  mse: (prompted: Tensor, frozen: Tensor) => mean(square(sub(prompted, frozen))),
  cosine: cosineDistance,
}

const square = (x: Tensor): Tensor => mul(x, x)

/**
 * L_SCL-logits = D_KL(q || q_p), the divergence of the prompted class distribution from frozen CLIP's (equation 4),
 * summed and divided by the number of entries B * classes (the division is the reference code's).
 */
export function agreementOfLogits(prompted: Tensor, frozen: Tensor): Tensor {
  const logP = logSoftmax(prompted)
  const logQ = logSoftmax(frozen)
  return mean(mul(exp(logQ), sub(logQ, logP)))
}

/** L_SCL = lambda_1 L_SCL-text + lambda_2 L_SCL-image + L_SCL-logits (equation 5), term by term; those of weight 0 are left out. */
function agreement(
  { textLossWeight, imageLossWeight, logitsLossWeight, matching = 'l1' }: Regulators,
  { text, image, logits }: Step,
  { frozen }: StepInputs,
): Record<string, Tensor> {
  const weighted = (name: string, weight: number, term: () => Tensor) =>
    weight > 0 ? { [name]: mul(term(), weight) } : {}
  return {
    ...weighted('sclText', textLossWeight, () => matchings[matching](text, frozen.text)),
    ...weighted('sclImage', imageLossWeight, () => matchings[matching](image, frozen.image)),
    ...weighted('sclLogits', logitsLossWeight, () => agreementOfLogits(logits, frozen.logits)),
  }
}

// ---- Section 3.2.2: prompt self-ensembling, in prompt-aggregation.ts ----

/** Where the published Gaussian of 20 epochs has its mean, and how wide it is, as shares of all epochs. */
const PUBLISHED_GAUSSIAN = { mean: 15 / 20, std: 1 / 20 }

// ---- Section 3.2.3: textual diversity, g~ is the mean over many templates ----

/**
 * The teacher's texts: with diversity the 60 templates, of whose features each class has the mean, taken before it is
 * normalised (as in the reference code); without, "a photo of a NAME.".
 */
function teacherTexts({ diverseTeacher }: Regulators): ClassTexts {
  return { templates: diverseTeacher ? promptSrcTemplates : [photoTemplate], combination: 'mean' }
}

// ---- The regulators as options, on any method ----

/** The regulators, each with its weight or switch. A weight of 0 switches an agreement off. */
export interface Regulators {
  readonly textLossWeight: number
  readonly imageLossWeight: number
  readonly logitsLossWeight: number
  readonly gpa: boolean
  readonly gpaMean: number
  readonly gpaStd: number
  readonly diverseTeacher: boolean
  /** Default: l1. */
  readonly matching?: keyof typeof matchings | undefined
  /** Default: gaussian. */
  readonly average?: 'gaussian' | 'equal' | 'ema' | undefined
  /** Default: mean. */
  readonly diversity?: 'mean' | 'random' | undefined
}

/** Which regulators are on, and how strongly. */
type Enabled = Omit<Regulators, 'gpaMean' | 'gpaStd' | 'matching' | 'average' | 'diversity'>

const UNREGULATED: Enabled = {
  textLossWeight: 0,
  imageLossWeight: 0,
  logitsLossWeight: 0,
  gpa: false,
  diverseTeacher: false,
}

/** The published base-to-novel configuration: lambda_1 = 25, lambda_2 = 10 (section 4, implementation details). */
const PUBLISHED: Enabled = {
  textLossWeight: 25,
  imageLossWeight: 10,
  logitsLossWeight: 1,
  gpa: true,
  diverseTeacher: true,
}

/** Options of the regulators, for a method that is trained for so many epochs by default. */
function regulatorSchema(on: Enabled, epochs: number) {
  const weight = (value: number, of: string) =>
    z.number().min(0).default(value).describe(`weight of the agreement of ${of} with frozen CLIP`)
  return {
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
    // Without defaults, so that what is written of a run is what it was before there were these.
    matching: z
      .enum(['l1', 'mse', 'cosine'])
      .optional()
      .describe('how features are matched: l1 (the default), mse or cosine'),
    average: z
      .enum(averages)
      .optional()
      .describe(
        'weights of the epochs where gpa is on: gaussian (the default), equal, or ema, a moving average',
      ),
    diversity: z
      .enum(['mean', 'random'])
      .optional()
      .describe('of the 60 templates the mean (the default), or a random one each step'),
  }
}

/** Names of the regulators' options. */
export const regulatorOptions: readonly string[] = Object.keys(regulatorSchema(UNREGULATED, 1))

/** A configured method under regulators: L = L_method + L_SCL, and its parameters aggregated over the epochs. */
function regulate(own: Configuration, regulators: Regulators): Configuration {
  const { textLossWeight, imageLossWeight, logitsLossWeight, gpa, gpaMean, gpaStd, average } = regulators
  const agrees = textLossWeight + imageLossWeight + logitsLossWeight > 0
  return {
    ...own,
    ...(gpa ? { aggregation: { mean: gpaMean, std: gpaStd, average } } : {}),
    ...(agrees
      ? { teacher: teacherTexts(regulators), drawsTemplate: regulators.diversity === 'random' }
      : {}),

    step(inputs) {
      const step = own.step(inputs)
      if (!agrees) return step
      const scl = agreement(regulators, step, inputs)
      const total = Object.values(scl).reduce((sum, term) => add(sum, term), step.terms.total)
      const terms: LossTerms = { ce: step.terms.total, ...step.terms, ...scl, total }
      const { text: frozenText, image: frozenImage, logits: frozenLogits } = inputs.frozen
      return { ...step, terms, inspect: { ...step.inspect, frozenText, frozenImage, frozenLogits } }
    },
  }
}

/** Refuses a choice of how a regulator works that is off. */
function checkRegulators({ name, check }: Pick<Method, 'name' | 'check'>, options: Record<string, unknown>) {
  const { matching, average, diversity, gpa, diverseTeacher, ...weights } = options as unknown as Regulators
  const matches = weights.textLossWeight + weights.imageLossWeight > 0
  const unread = [
    matching && !matches && ['matching', 'textLossWeight or imageLossWeight'],
    average && !gpa && ['average', 'gpa'],
    diversity &&
      !(diverseTeacher && (matches || weights.logitsLossWeight > 0)) && [
        'diversity',
        'diverseTeacher and a weight',
      ],
  ].find((found) => found)
  if (unread) {
    throw new ConfigError(`${name} option ${unread[0]}: nothing reads it, since its regulator is off`, {
      hint: `Set ${unread[1]}, or leave ${unread[0]} out.`,
    })
  }
  check?.(options)
}

/** A method with the regulators as further options, off by default. */
export function regulated(method: Method): Method {
  const schema = regulatorSchema(UNREGULATED, method.defaults.epochs)
  return {
    ...method,
    options: method.options.extend(schema),
    check: (options) =>
      checkRegulators(
        { name: method.name, check: (all) => method.check?.(ownOptions(method, all)) },
        options,
      ),
    configure: (options, clip, classNames) =>
      regulate(
        method.configure(ownOptions(method, options), clip, classNames),
        z.object(schema).parse(options),
      ),
  }
}

/** The options that are the method's own. */
function ownOptions({ options: schema }: Method, options: Readonly<Record<string, unknown>>) {
  return schema.parse(Object.fromEntries(Object.entries(options).filter(([key]) => key in schema.shape)))
}

// ---- PromptSRC: prompts in both towers under all regulators ----

const options = z.strictObject({
  ...vlPromptOptions,
  ...regulatorSchema(PUBLISHED, ivlp.defaults.epochs),
})

/** Data sets whose few-shot runs aggregate late and narrowly (the commented half of the reference's few-shot file). */
const LATE_AGGREGATION = ['StanfordCars', 'OxfordFlowers', 'FGVCAircraft', 'DescribableTextures', 'EuroSAT']

/**
 * PromptSRC: independent vision-language prompts (section 3.1) under all three regulators; the defaults are the
 * published base-to-novel configuration.
 */
export const promptSrc: Method<typeof options> = {
  name: 'promptsrc',
  title: 'PromptSRC',
  paper:
    'Khattak et al., "Self-regulating Prompts: Foundational Model Adaptation without Forgetting", ICCV 2023',
  summary: 'vision-language prompts regulated by frozen CLIP, so that new classes are not forgotten',
  options,
  defaults: ivlp.defaults,
  depths: ivlp.depths!,

  check: (options) => checkRegulators(ivlp, options),

  configure: (options, clip, classNames) => regulate(ivlp.configure(options, clip, classNames), options),

  published(training) {
    const file = (name: string) => referenceSettings(promptSrc, `vit_b16_c2_${name}`)
    if (acrossDatasets(training)) return file('ep20_batch4_4+4ctx_cross_datasets')
    if (training.protocol === 'base-to-novel') return file('ep20_batch4_4+4ctx')
    return file(`ep50_batch4_4+4ctx_few_shot${LATE_AGGREGATION.includes(training.source) ? '_gpa45' : ''}`)
  },

  reference: {
    trainer: 'PromptSRC',
    folder: 'VLPromptLearner',
    alone: false,
    keys: {
      ...vlKeys(4),
      TEXT_LOSS_WEIGHT: { option: 'textLossWeight', value: 25 },
      IMAGE_LOSS_WEIGHT: { option: 'imageLossWeight', value: 10 },
      GPA_MEAN: { option: 'gpaMean', value: 15 },
      GPA_STD: { option: 'gpaStd', value: 1 },
    },
    adjust: withoutVisualPrompts,
    // The reference's few-shot file holds two, one of them as a comment to be swapped in by hand; here each has a name.
    configs: [
      config('ep20_batch4_4+4ctx', 'base-to-novel', 20, 9, 15, 1),
      config('ep20_batch4_4+4ctx_cross_datasets', 'cross-dataset, domain generalization', 20, 3, 6, 10),
      config(
        'ep50_batch4_4+4ctx_few_shot',
        'few-shot: ImageNet, Caltech101, OxfordPets, Food101, UCF101, SUN397',
        50,
        9,
        30,
        30,
      ),
      config(
        'ep50_batch4_4+4ctx_few_shot_gpa45',
        'few-shot: StanfordCars, Flowers102, FGVCAircraft, DTD, EuroSAT',
        50,
        9,
        45,
        5,
      ),
    ],
    recognise: (tensors) => (hasTeacher(tensors) ? recogniseVlPrompts(tensors) : undefined),
  },
}

function config(
  name: string,
  use: string,
  epochs: number,
  depth: number,
  gpaMean: number,
  gpaStd: number,
): ReferenceConfig {
  const losses = { TEXT_LOSS_WEIGHT: 25, IMAGE_LOSS_WEIGHT: 10, GPA_MEAN: gpaMean, GPA_STD: gpaStd }
  return {
    file: `vit_b16_c2_${name}`,
    use,
    epochs,
    batchSize: 4,
    learningRate: 0.0025,
    values: { ...vlValues(4, depth), ...losses },
  }
}
