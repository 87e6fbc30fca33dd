import { ConfigError, WeightsError } from '../../core/errors.js'
import { methods } from '../../core/methods/registry.js'
import type { StateDict } from '../../core/weights/state-dict.js'
import { PROMPT_LEARNER } from './learners.js'

/** What the tensors of a checkpoint say of how it was trained. */
export interface Recognised {
  readonly method: string
  /** Options of the method that shapes tell: numbers of vectors, depths. */
  readonly options: Readonly<Record<string, unknown>>
}

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
  const found = Object.values(methods).flatMap(({ name, reference }) => {
    const options = context && reference?.recognise({ names, shape })
    return options ? [{ method: name, options }] : []
  })[0]
  if (!found || !context || context.length < 2 || context.length > 3) {
    throw new WeightsError(`${source} holds no context vectors (no tensor ctx or ${PROMPT_LEARNER}ctx)`, {
      hint: 'Name a checkpoint of CoOp, CoCoOp, MaPLe, IVLP or PromptSRC.',
    })
  }
  const isPair = found.method === 'ivlp' && method === 'promptsrc'
  if (method !== undefined && method !== found.method && !isPair) {
    throw new ConfigError(`--method ${method}: ${source} holds prompts of ${found.method}`, {
      hint: 'Leave --method out.',
    })
  }
  return { method: method ?? found.method, options: found.options }
}
