import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { ConfigError } from '../errors.js'
import type { Tensor } from '../graph/index.js'
import { initialWords, placeholder, randomPrompts, wordedContext } from './context-vectors.js'
import type { ParameterSpec, Prompts } from './method.js'

/** Options of independent vision-language prompts. A depth of 1 means prompts at the input only. */
export const vlPromptOptions = {
  contextInit: z
    .string()
    .default('a photo of a')
    .describe('words the text context starts from (up to 4 vectors)'),
  textContext: z.int().min(1).default(4).describe('context vectors of the text tower'),
  visionContext: z.int().min(1).default(4).describe('visual prompts of the image tower'),
  textDepth: z.int().min(1).default(9).describe('text blocks with prompts of their own'),
  visionDepth: z
    .int()
    .min(0)
    .default(9)
    .describe('image blocks with prompts of their own; 0: no visual prompts'),
}

/** Values of {@link vlPromptOptions}. */
export type VlPromptOptions = z.infer<ReturnType<typeof z.object<typeof vlPromptOptions>>>

const CONTEXT = 'prompt_learner.ctx'
const VISUAL = 'image_encoder.VPT'
const deepName = (tower: 'text' | 'image', block: number) =>
  `${tower}_encoder.transformer.resblocks.${block}.VPT_shallow`

/** Longest context that words initialise; a longer one is random (as the reference does). */
const LONGEST_WORDED = 4

/** The words a context starts from, or undefined where it is random. */
export function startingWords(contextInit: string, length: number): string | undefined {
  return contextInit !== '' && length <= LONGEST_WORDED ? initialWords(contextInit) : undefined
}

/** Context vectors of shape [n_ctx, text width], from words where the reference starts from words. */
export function contextVectors(name: string, contextInit: string, length: number, clip: Clip): ParameterSpec {
  const words = startingWords(contextInit, length)
  return words === undefined
    ? randomPrompts(name, [length, clip.config.text.width])
    : wordedContext(name, words, length, clip)
}

/** Refuses words for a context that is too long to start from them. */
export function checkStartingWords(contextInit: string | undefined, length: number, option: string): void {
  if (!contextInit || length <= LONGEST_WORDED) return
  throw new ConfigError(
    `contextInit "${contextInit}": only up to ${LONGEST_WORDED} context vectors start from words; ${option} is ${length}`,
    { hint: `Set ${option} to at most ${LONGEST_WORDED}, or leave contextInit out for a random start.` },
  )
}

/** The options that count blocks. */
export const vlDepths = { textDepth: ['text'], visionDepth: ['image'] } as const

/** Context vectors and visual prompts at the input and at blocks 1..depth-1 of both towers. */
export function vlParameters(options: VlPromptOptions, clip: Clip): ParameterSpec[] {
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
export function vlPrompts(
  options: VlPromptOptions,
  clip: Clip,
  parameter: (name: string) => Tensor,
): Prompts {
  const { contextInit, textContext } = options
  const names = vlParameters(options, clip).map(({ name }) => name)
  const deep = (tower: 'text' | 'image') =>
    names.filter((name) => name.startsWith(`${tower}_encoder.transformer`))
  return {
    text: [
      {
        context: parameter(CONTEXT),
        words: startingWords(contextInit, textContext) ?? placeholder(textContext),
        deep: deep('text').map(parameter),
      },
    ],
    ...(names.includes(VISUAL)
      ? { visual: { input: parameter(VISUAL), deep: deep('image').map(parameter) } }
      : {}),
  }
}
