import type { Clip } from '../../core/clip/clip.js'
import { ConfigError, WeightsError } from '../../core/errors.js'
import { configure, methodNamed } from '../../core/methods/registry.js'
import { resolveSettings } from '../../core/train/settings.js'
import type { TrainedPrompts } from '../../core/train/trained-prompts.js'
import type { StateDict } from '../../core/weights/state-dict.js'
import type { TorchFile } from '../../node/weights/torch/torch.js'
import { classNamesOf, fixedTokens, startOf } from './fixed-tokens.js'
import { PROMPT_LEARNER } from './learners.js'

const METHOD = 'fine-tune'
const IMAGE = 'image_encoder.'
const TEXT = 'text_encoder.'

/** Texts of the classes as ViFi-CLIP keeps them, [classes, context, width]: whole, in place of what follows a context. */
const WHOLE_TEXTS = `${PROMPT_LEARNER}complete_text_embeddings`
const TEMPLATE = 'a photo of a {}.'

/** Whether a checkpoint holds weights of both towers and no prompts: what fine-tuning saves. */
export const isTuned = ({ entries }: StateDict): boolean =>
  entries.has(`${IMAGE}class_embedding`) &&
  entries.has(`${TEXT}text_projection`) &&
  ![...entries.keys()].some((name) => name === `${PROMPT_LEARNER}ctx` || name.includes('VPT'))

/** What of a run a checkpoint tells. */
export type Tuned = Pick<TrainedPrompts, 'method' | 'methodOptions' | 'parameters' | 'classNames'> & {
  /** What the run does not take over, a sentence each. */
  readonly notes: readonly string[]
}

/**
 * Reads the weights of both towers that ViFi-CLIP's code has fine-tuned, whole or one tower: a run of `fine-tune`. They are
 * under the names of `image_encoder` and `text_encoder`; word embeddings are not in such a file, for they are the model's.
 *
 * @throws WeightsError for a checkpoint of another model, with both shapes; ConfigError where it is of another method than
 *   given, or its classes cannot be read
 */
export async function importTuned(
  file: TorchFile,
  clip: Clip,
  given: {
    readonly method?: string | undefined
    readonly methodOptions?: Readonly<Record<string, unknown>> | undefined
    readonly classNames?: readonly string[] | undefined
  },
): Promise<Tuned> {
  const { entries, source } = file
  if (given.method !== undefined && given.method !== METHOD) {
    throw new ConfigError(`--method ${given.method}: ${source} holds tuned weights (${METHOD}), no prompts`, {
      hint: 'Leave --method out.',
    })
  }
  const method = methodNamed(METHOD)
  const { methodOptions } = resolveSettings(
    { method: METHOD, methodOptions: { template: TEMPLATE, ...given.methodOptions } },
    clip,
  )
  const classNames = given.classNames ?? (await namesIn(file, clip))
  const parameters = new Map<string, Float32Array>()
  for (const { name, shape } of configure({ method, methodOptions, classNames }, clip).parameters) {
    const key = keyOf(name)
    const entry = entries.get(key)
    if (entry?.shape.join() !== shape.join()) {
      throw new WeightsError(
        `${source}: ${key} ${entry ? `has shape [${entry.shape.join(', ')}]` : 'is missing'}; ${clip.name} needs [${shape.join(', ')}]`,
        { hint: 'Name the model that was tuned with --model.' },
      )
    }
    const values = await entry.read()
    if (!values.every(Number.isFinite)) {
      throw new WeightsError(`${source}: ${key} holds values that are not finite`, {
        hint: 'Training diverged before this checkpoint was written: take an earlier one.',
      })
    }
    parameters.set(name, values)
  }
  return { method, methodOptions, parameters, classNames, notes: await scaleNote(file, clip) }
}

/** ViFi-CLIP's key of a tensor of CLIP's. */
const keyOf = (name: string): string =>
  name.startsWith('visual.') ? `${IMAGE}${name.slice('visual.'.length)}` : `${TEXT}${name}`

async function namesIn(file: TorchFile, clip: Clip): Promise<string[]> {
  const tokens = await fixedTokens(file, clip, WHOLE_TEXTS)
  const before = startOf(TEMPLATE, clip)
  const isTemplate = tokens?.every((ids) => before.every((id, i) => ids[i] === id))
  const names = tokens && isTemplate ? classNamesOf(tokens, before.length, clip) : undefined
  if (names) return names
  throw new ConfigError(`${file.source} does not tell its classes: it holds no texts of ${clip.name}`, {
    hint: 'Name them with --class-names FILE, a line a class, in the order of training.',
  })
}

/** The logit scale decides no class, but probabilities; what is tuned here keeps the model's. */
async function scaleNote({ entries }: StateDict, { tensors }: Clip): Promise<string[]> {
  const found = (await entries.get('logit_scale')?.read())?.[0]
  const own = (await tensors.read('logit_scale'))[0]!
  if (found === undefined || Math.abs(found - own) < 1e-3) return []
  const [tuned, kept] = [found, own].map((log) => Math.exp(log).toFixed(1))
  return [`its logit scale, ${tuned}, is not taken over: probabilities are those of the model's, ${kept}`]
}
