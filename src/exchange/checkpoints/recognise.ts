import { ConfigError, WeightsError } from '../../core/errors.js'
import type { StateDict } from '../../core/weights/state-dict.js'
import { PROMPT_LEARNER } from './learners.js'

/** What the tensors of a checkpoint say of how it was trained. */
export interface Recognised {
  readonly method: string
  /** Options of the method that shapes tell: numbers of vectors, depths. */
  readonly options: Readonly<Record<string, unknown>>
}

const TEXT_PROMPT = /^text_encoder\.transformer\.resblocks\.\d+\.VPT_shallow$/
const IMAGE_PROMPT = /^image_encoder\.transformer\.resblocks\.\d+\.VPT_shallow$/
const DEEP_PROMPT = /compound_prompts_text\.\d+$/

/**
 * The method that a checkpoint is of, and the options that its shapes tell.
 *
 * @param method the method where it is known; IVLP and PromptSRC differ by the teacher alone, which may be left out
 * @throws WeightsError when it holds no prompts, ConfigError when it is of another method than given
 */
export function recognise({ entries, source }: StateDict, method?: string): Recognised {
  const names = [...entries.keys()]
  const shape = (name: string): readonly number[] | undefined =>
    (entries.get(name) ?? entries.get(PROMPT_LEARNER + name))?.shape
  const context = shape('ctx')
  if (!context || context.length < 2 || context.length > 3) {
    throw new WeightsError(`${source} holds no context vectors (no tensor ctx or ${PROMPT_LEARNER}ctx)`, {
      hint: 'Name a checkpoint of CoOp, CoCoOp, MaPLe, IVLP or PromptSRC.',
    })
  }
  const found = recognisedMethod(names)
  const isPair = found === 'ivlp' && method === 'promptsrc'
  if (method !== undefined && method !== found && !isPair) {
    throw new ConfigError(`--method ${method}: ${source} holds prompts of ${found}`, {
      hint: 'Leave --method out.',
    })
  }
  const vectors = context[context.length - 2]!
  const count = (pattern: RegExp) => names.filter((name) => pattern.test(name)).length
  const visual = shape('image_encoder.VPT')
  const options: Record<string, Record<string, unknown>> = {
    coop: { context: vectors, contextInit: '', classSpecific: context.length === 3 },
    cocoop: { context: vectors, contextInit: '' },
    maple: { context: vectors, depth: 1 + count(DEEP_PROMPT) },
    ivlp: {
      textContext: vectors,
      textDepth: 1 + count(TEXT_PROMPT),
      ...(visual ? { visionContext: visual[0] } : {}),
      visionDepth: visual ? 1 + count(IMAGE_PROMPT) : 0,
    },
  }
  return { method: method ?? found, options: options[found === 'promptsrc' ? 'ivlp' : found]! }
}

function recognisedMethod(names: readonly string[]): string {
  const has = (part: string) => names.some((name) => name.includes(part))
  if (has('meta_net.')) return 'cocoop'
  if (has('prompt_learner.proj.')) return 'maple'
  if (has('ZS_image_encoder.')) return 'promptsrc'
  return has('VPT') || has('text_encoder.') ? 'ivlp' : 'coop'
}
