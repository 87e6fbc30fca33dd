import * as z from 'zod'
import { ConfigError } from '../errors.js'
import { contextOptions, learnedContext } from './context-vectors.js'
import type { Method } from './method.js'
import { promptedFeatures } from './prompted-features.js'
import { precision, type ReferenceConfig, referenceSettings, wordsDecideLength } from './reference.js'

const options = z.strictObject({
  ...contextOptions(16, ''),
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

const CONTEXT = 'prompt_learner.ctx'

/** What the reference's files with words start the context from. */
const WORDS = 'a photo of a'

/** Contexts are class-specific only where they start at random (as the reference does). */
const isClassSpecific = ({ classSpecific, contextInit }: z.infer<typeof options>) =>
  classSpecific && contextInit === ''

/**
 * Context optimization: the words around the class name become vectors, learned by cross-entropy through the frozen
 * text tower (equations 2 to 4): t_i = [V]_1 .. [V]_M [CLASS]_i.
 */
export const coop: Method<typeof options> = {
  name: 'coop',
  title: 'CoOp',
  paper: 'Zhou et al., "Learning to Prompt for Vision-Language Models", IJCV 2022',
  summary: 'learned context vectors around the class name, in the text tower alone',
  options,
  defaults: { epochs: 50, batchSize: 32, learningRate: 0.002, shots: 16 },

  check({ classSpecific, contextInit }) {
    if (!classSpecific || contextInit === '') return
    throw new ConfigError(
      'coop options classSpecific and contextInit: contexts of each class start at random',
      {
        hint: 'Leave one of them out.',
      },
    )
  },

  configure(options, clip, classNames) {
    const { classPosition: position } = options
    const classSpecific = isClassSpecific(options)
    const each = classSpecific ? [classNames.length] : []
    const { vectors, words } = learnedContext(CONTEXT, options, clip, each)
    return promptedFeatures(clip, classNames, {
      parameters: [vectors],
      prompts: (parameter) => ({
        text: [{ context: parameter(CONTEXT), words, position, each: classSpecific ? 'class' : 'prompt' }],
      }),
    })
  },

  /** CoOp trains longer on more shots (its paper, section 4.1): 50 epochs with 1, 100 with 2 or 4, else 200; ImageNet 50. */
  published({ protocol, source, shots }) {
    if (protocol !== 'few-shot') return referenceSettings(coop, 'vit_b16_ep50_ctxv1')
    if (source === 'ImageNet' || shots === 1) return referenceSettings(coop, 'vit_b16_ep50')
    return referenceSettings(coop, shots <= 4 ? 'vit_b16_ep100' : 'vit_b16')
  },

  reference: {
    trainer: 'CoOp',
    folder: 'prompt_learner',
    alone: true,
    keys: {
      N_CTX: { option: 'context', value: 16 },
      CSC: { option: 'classSpecific', value: false },
      CTX_INIT: { option: 'contextInit', value: '' },
      PREC: precision,
      CLASS_TOKEN_POSITION: { option: 'classPosition', value: 'end' },
    },
    adjust: wordsDecideLength,
    configs: [
      config('vit_b16', 'ViT-B/16', 200),
      config('vit_b16_ep100', 'ViT-B/16', 100),
      config('vit_b16_ep50', 'ViT-B/16', 50),
      config('vit_b16_ctxv1', 'ViT-B/16', 200, WORDS),
      config('vit_b16_ep100_ctxv1', 'ViT-B/16', 100, WORDS),
      config('vit_b16_ep50_ctxv1', 'ViT-B/16', 50, WORDS),
      config('vit_b32', 'ViT-B/32', 200),
      config('vit_b32_ep50', 'ViT-B/32', 50),
      config('rn50', 'RN50', 200),
      config('rn50_ep100', 'RN50', 100),
      config('rn50_ep50', 'RN50', 50),
      config('rn50_ctxv1', 'RN50', 200, WORDS),
      config('rn50_ep50_ctxv1', 'RN50', 50, WORDS),
      config('rn101', 'RN101', 200),
      config('rn101_ep50', 'RN101', 50),
    ],
    recognise({ names, shape }) {
      if (names.some((name) => /meta_net\.|VPT|text_encoder\./.test(name))) return undefined
      const context = shape('ctx')!
      return { context: context.at(-2), contextInit: '', classSpecific: context.length === 3 }
    },
  },
}

function config(file: string, model: string, epochs: number, words?: string): ReferenceConfig {
  return {
    file,
    use: words === undefined ? '16 random context vectors' : `a context from "${words}"`,
    epochs,
    batchSize: 32,
    learningRate: 0.002,
    model,
    printEvery: 5,
    values: words === undefined ? {} : { CTX_INIT: words },
  }
}
