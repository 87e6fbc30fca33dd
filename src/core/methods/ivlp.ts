import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { ConfigError } from '../errors.js'
import {
  checkStartingWords,
  contextVectors,
  MOST_PROMPTS,
  PHOTO,
  placeholder,
  randomPrompts,
  startingWords,
} from './context-vectors.js'
import type { Lookup, Method, ParameterSpec, Prompts } from './method.js'
import { promptedFeatures } from './prompted-features.js'
import { type CheckpointTensors, precision, type Reference, type ReferenceConfig } from './reference.js'

/** Options of independent vision-language prompts. A depth of 1 means prompts at the input only. */
export const vlPromptOptions = {
  contextInit: z.string().default(PHOTO).describe('words the text context starts from (up to 4 vectors)'),
  textContext: z.int().min(1).max(MOST_PROMPTS).default(4).describe('context vectors of the text tower'),
  visionContext: z.int().min(1).max(MOST_PROMPTS).default(4).describe('visual prompts of the image tower'),
  textDepth: z.int().min(1).default(9).describe('text blocks with prompts of their own'),
  visionDepth: z
    .int()
    .min(0)
    .default(9)
    .describe('image blocks with prompts of their own; 0: no visual prompts'),
}

const options = z.strictObject(vlPromptOptions)

/** Values of {@link vlPromptOptions}. */
export type VlPromptOptions = z.infer<typeof options>

const CONTEXT = 'prompt_learner.ctx'
const VISUAL = 'image_encoder.VPT'
const deepName = (tower: 'text' | 'image', block: number) =>
  `${tower}_encoder.transformer.resblocks.${block}.VPT_shallow`

/**
 * Independent vision-language prompting (PromptSRC paper, section 3.1): learned vectors in place of the words before
 * the class name, and learned tokens behind the patches, at the input and at the first blocks of both towers; trained
 * by cross-entropy alone.
 */
export const ivlp: Method<typeof options> = {
  name: 'ivlp',
  title: 'IVLP',
  paper: 'Khattak et al., "Self-regulating Prompts", ICCV 2023, section 3.1 (the baseline)',
  summary: 'independent vision-language prompts, trained by cross-entropy alone',
  options,
  defaults: { epochs: 20, batchSize: 4, learningRate: 0.0025, shots: 16 },
  depths: { textDepth: ['text'], visionDepth: ['image'] },

  check: ({ contextInit, textContext }) => checkStartingWords(contextInit, textContext, 'textContext'),

  configure(options, clip, classNames) {
    const parameters = vlParameters(options, clip)
    return promptedFeatures(clip, classNames, {
      parameters,
      prompts: (parameter) => vlPrompts(options, parameters, parameter),
    })
  },

  reference: {
    trainer: 'IVLP',
    folder: 'VLPromptLearner',
    alone: false,
    keys: vlKeys(2),
    adjust: withoutVisualPrompts,
    configs: [
      {
        file: 'vit_b16_c2_ep20_batch4_4+4ctx',
        use: 'base-to-novel',
        epochs: 20,
        batchSize: 4,
        learningRate: 0.0025,
        values: vlValues(4, 9),
      },
    ],
    recognise: (tensors) => (hasTeacher(tensors) ? undefined : recogniseVlPrompts(tensors)),
  },
}

/** Context vectors and visual prompts at the input and at blocks 1..depth-1 of both towers. */
function vlParameters(options: VlPromptOptions, clip: Clip): ParameterSpec[] {
  const { imageTower, name } = clip
  const { text } = clip.config
  const { textContext, visionContext, textDepth, visionDepth } = options
  if (imageTower.promptBlocks === 0 && visionDepth > 0) {
    throw new ConfigError(
      `visual prompts need a Vision Transformer; ${name} has a ${imageTower.title} image tower`,
      { hint: 'Set visionDepth to 0, or choose a ViT model.' },
    )
  }
  const deep = (tower: 'text' | 'image', depth: number, layers: number, rows: number, width: number) =>
    Array.from({ length: Math.max(0, Math.min(depth, layers) - 1) }, (_, i) =>
      randomPrompts(deepName(tower, i + 1), [rows, width]),
    )
  return [
    contextVectors(CONTEXT, options.contextInit, textContext, clip),
    ...(visionDepth > 0 ? [randomPrompts(VISUAL, [visionContext, imageTower.width])] : []),
    ...deep('image', visionDepth, imageTower.promptBlocks, visionContext, imageTower.width),
    ...deep('text', textDepth, text.layers, textContext, text.width),
  ]
}

/** The parameters of {@link vlParameters} where they enter the towers. */
function vlPrompts(
  { contextInit, textContext }: VlPromptOptions,
  parameters: readonly ParameterSpec[],
  parameter: Lookup,
): Prompts {
  const names = parameters.map(({ name }) => name)
  const deep = (tower: 'text' | 'image') =>
    names.filter((name) => name.startsWith(`${tower}_encoder.transformer`)).map(parameter)
  return {
    text: [
      {
        context: parameter(CONTEXT),
        words: startingWords(contextInit, textContext) ?? placeholder(textContext),
        deep: deep('text'),
      },
    ],
    ...(names.includes(VISUAL) ? { visual: { input: parameter(VISUAL), deep: deep('image') } } : {}),
  }
}

/** The reference's keys of prompts in both towers. */
export function vlKeys(context: number): Reference['keys'] {
  return {
    N_CTX_VISION: { option: 'visionContext', value: context, least: 0 },
    N_CTX_TEXT: { option: 'textContext', value: context },
    CTX_INIT: { option: 'contextInit', value: PHOTO },
    PREC: precision,
    PROMPT_DEPTH_VISION: { option: 'visionDepth', value: 9 },
    PROMPT_DEPTH_TEXT: { option: 'textDepth', value: 9 },
  }
}

/** What the reference's files set of {@link vlKeys}. */
export function vlValues(vectors: number, depth: number): ReferenceConfig['values'] {
  return {
    N_CTX_VISION: vectors,
    N_CTX_TEXT: vectors,
    CTX_INIT: PHOTO,
    PREC: 'fp16',
    PROMPT_DEPTH_VISION: depth,
    PROMPT_DEPTH_TEXT: depth,
  }
}

/** Without depth there are no visual prompts, whatever their number. */
export function withoutVisualPrompts(
  { N_CTX_VISION, PROMPT_DEPTH_VISION }: Parameters<NonNullable<Reference['adjust']>>[0],
  problem: (key: string, message: string) => void,
): { readonly visionContext?: undefined } {
  if (N_CTX_VISION !== 0) return {}
  if (PROMPT_DEPTH_VISION !== 0)
    problem('N_CTX_VISION', 'no visual prompts to put at a depth; set PROMPT_DEPTH_VISION to 0')
  return { visionContext: undefined }
}

/** Whether a checkpoint of prompts in both towers holds the frozen tower that regulates PromptSRC. */
export const hasTeacher = ({ names }: CheckpointTensors): boolean =>
  names.some((name) => name.includes('ZS_image_encoder.'))

/** Numbers and depths of the prompts of both towers; undefined where a checkpoint holds none, or MaPLe's. */
export function recogniseVlPrompts({ names, shape }: CheckpointTensors): Record<string, unknown> | undefined {
  const has = (part: string) => names.some((name) => name.includes(part))
  if (has('meta_net.') || has('prompt_learner.proj.') || !(has('VPT') || has('text_encoder.')))
    return undefined
  const deep = (tower: 'text' | 'image') =>
    names.filter((name) =>
      new RegExp(`^${tower}_encoder\\.transformer\\.resblocks\\.\\d+\\.VPT_shallow$`).test(name),
    ).length
  const visual = shape(VISUAL)
  return {
    textContext: shape('ctx')?.at(-2),
    textDepth: 1 + deep('text'),
    ...(visual ? { visionContext: visual[0] } : {}),
    visionDepth: visual ? 1 + deep('image') : 0,
  }
}
