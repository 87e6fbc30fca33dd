import { z } from 'zod'
import type { Clip } from '../clip/clip.js'
import { ConfigError } from '../errors.js'
import type { Tensor } from '../graph/index.js'
import type { RandomStream } from '../random.js'
import type { ContextWords, ParameterSpec, Prompts } from './method.js'

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

/** Standard deviation of randomly initialised prompts. */
const INIT_STD = 0.02

const CONTEXT = 'prompt_learner.ctx'
const VISUAL = 'image_encoder.VPT'
const deepName = (tower: 'text' | 'image', block: number) =>
  `${tower}_encoder.transformer.resblocks.${block}.VPT_shallow`

/** Words start the context only of up to four vectors; a longer one is random (as the reference does). */
export function vlContext({ textContext, contextInit }: VlPromptOptions): ContextWords {
  const worded = contextInit !== '' && textContext <= 4
  return {
    length: textContext,
    prefix: worded ? contextInit.replaceAll('_', ' ') : Array(textContext).fill('X').join(' '),
    worded,
  }
}

/** Context vectors and visual prompts at the input and at blocks 1..depth-1 of both towers. */
export function vlParameters(options: VlPromptOptions, clip: Clip): ParameterSpec[] {
  const { text, vision } = clip.config
  const { textContext, visionContext, textDepth, visionDepth } = options
  if (vision.kind !== 'vit' && visionDepth > 0) {
    throw new ConfigError(`visual prompts need a Vision Transformer; ${clip.name} has a ResNet image tower`, {
      hint: 'Set visionDepth to 0, or choose a ViT model.',
    })
  }
  const random = (name: string, rows: number, width: number): ParameterSpec => ({
    name,
    shape: [rows, width],
    init: (stream) => normal(stream, rows * width),
  })
  const deep = (tower: 'text' | 'image', depth: number, layers: number, rows: number, width: number) =>
    Array.from({ length: Math.max(0, Math.min(depth, layers) - 1) }, (_, i) =>
      random(deepName(tower, i + 1), rows, width),
    )
  const words = vlContext(options)
  const context: ParameterSpec = words.worded
    ? {
        name: CONTEXT,
        shape: [textContext, text.width],
        init: () => clip.embedTokens(clip.tokenizer.tokenize(words.prefix).slice(1, 1 + textContext)),
      }
    : random(CONTEXT, textContext, text.width)
  return [
    context,
    ...(visionDepth > 0 && vision.kind === 'vit' ? [random(VISUAL, visionContext, vision.width)] : []),
    ...(vision.kind === 'vit' ? deep('image', visionDepth, vision.layers, visionContext, vision.width) : []),
    ...deep('text', textDepth, text.layers, textContext, text.width),
  ]
}

/** The parameters of {@link vlParameters} where they enter the towers. */
export function vlPrompts(
  options: VlPromptOptions,
  clip: Clip,
  parameter: (name: string) => Tensor,
): Prompts {
  const names = vlParameters(options, clip).map(({ name }) => name)
  const deep = (tower: 'text' | 'image') =>
    names.filter((name) => name.startsWith(`${tower}_encoder.transformer`))
  return {
    context: parameter(CONTEXT),
    deepText: deep('text').map(parameter),
    ...(names.includes(VISUAL)
      ? { visual: { input: parameter(VISUAL), deep: deep('image').map(parameter) } }
      : {}),
  }
}

function normal(stream: RandomStream, n: number): Float32Array {
  return Float32Array.from({ length: n }, () => INIT_STD * stream.normal())
}
