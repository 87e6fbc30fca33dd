import type { Clip } from '../../core/clip/clip.js'
import { ConfigError, WeightsError } from '../../core/errors.js'
import { startingWords } from '../../core/methods/context-vectors.js'
import type { Method } from '../../core/methods/method.js'
import type { Reference } from '../../core/methods/reference.js'
import { configure, methodNamed } from '../../core/methods/registry.js'
import type { Model } from '../../core/model.js'
import { referenceTo } from '../../core/model-reference.js'
import { resolveSettings } from '../../core/train/settings.js'
import type { TrainedPrompts } from '../../core/train/trained-prompts.js'
import { withoutWrapper } from '../../core/weights/names.js'
import { openTorch, type TorchFile } from '../../node/weights/torch/torch.js'
import { findCheckpoint } from './find-checkpoint.js'
import { checkFrozenWeights, classNamesOf, fixedTokens } from './fixed-tokens.js'
import { importTuned, isTuned } from './import-tuned.js'
import { learnerOf, PROMPT_LEARNER, referenceKey } from './learners.js'
import { recognise } from './recognise.js'

/** Options of {@link importCheckpoint}. */
export interface ImportOptions {
  /** A checkpoint file of the PyTorch reference, or a folder with such files. */
  readonly checkpoint: string
  /** The model it was trained on. */
  readonly model: Model
  /** Of a folder: which epoch. Default: the best checkpoint, else the newest. */
  readonly epoch?: number
  /** Default: what the tensors tell. */
  readonly method?: string
  /** Options of the method that the tensors do not tell, such as classPosition. */
  readonly methodOptions?: Readonly<Record<string, unknown>>
  /** Classes it was trained on. Default: read back from the tokens that the checkpoint holds, in lower case. */
  readonly classNames?: readonly string[]
}

/** Prompts out of a checkpoint. */
export interface ImportedPrompts extends TrainedPrompts {
  /** The file they were read from. */
  readonly source: string
  /** 1-based, where the checkpoint says. */
  readonly epoch: number | undefined
  /** What of the checkpoint the run does not have, a sentence each. */
  readonly notes: readonly string[]
}

/**
 * Reads what the PyTorch reference learned with CoOp, CoCoOp, MaPLe, IVLP or PromptSRC, or ViFi-CLIP's code by tuning CLIP or
 * as IVLP. Method, context length and
 * depths follow from the tensors; fixed tokens and frozen weights beside them are passed over, as the reference does.
 *
 * @throws WeightsError when the file is missing, damaged, or of another backbone, depth or context length (with both
 *   shapes); ConfigError when options contradict it
 */
export async function importCheckpoint(options: ImportOptions): Promise<ImportedPrompts> {
  const { model, methodOptions: given = {} } = options
  const { clip } = model
  const source = await findCheckpoint(options.checkpoint, options.epoch)
  const opened = await openTorch(source)
  const file = { ...opened, entries: withoutWrapper(opened.entries) }
  try {
    const epochIn = typeof file.extra.epoch === 'number' ? file.extra.epoch : undefined
    const reference = await referenceTo(model)
    if (isTuned(file)) {
      // Counted from 0 there.
      const epoch = epochIn === undefined ? undefined : epochIn + 1
      return { ...(await importTuned(file, clip, options)), model: reference, source, epoch }
    }
    const recognised = recognise(file, options.method)
    const method = methodNamed(recognised.method)
    const learner = learnerOf(method.name)
    const tokens = await fixedTokens(file, clip)
    const words = tokens ? wordsOption(recognised.options, tokens, clip, method) : {}
    const { methodOptions } = resolveSettings(
      { method: method.name, methodOptions: { ...words, ...recognised.options, ...given } },
      clip,
    )
    const classes = options.classNames?.length ?? tokens?.length ?? contextsIn(file)
    const parameters = await learnedTensors(file, { method, methodOptions, classes, learner, clip })
    await checkFrozenWeights(file, clip)
    const classNames = options.classNames ?? namesOf(tokens, methodOptions, clip, file)
    return {
      method,
      methodOptions,
      parameters,
      classNames,
      model: reference,
      source,
      epoch: epochIn,
      notes: [],
    }
  } finally {
    await file.close()
  }
}

interface Expected {
  readonly method: Method
  readonly methodOptions: Record<string, unknown>
  /** Number of classes. */
  readonly classes: number
  readonly learner: Reference
  readonly clip: Clip
}

async function learnedTensors(
  { entries, source }: TorchFile,
  { method, methodOptions, classes, learner, clip }: Expected,
): Promise<Map<string, Float32Array>> {
  const parameters = new Map<string, Float32Array>()
  const classNames = Array.from({ length: classes }, (_, i) => `class ${i}`)
  for (const { name, shape } of configure({ method, methodOptions, classNames }, clip).parameters) {
    const key = referenceKey(learner, name)
    const entry = entries.get(key) ?? entries.get(name)
    if (entry?.shape.join() !== shape.join()) {
      throw new WeightsError(
        `${source}: ${key} ${entry ? `has shape [${entry.shape.join(', ')}]` : 'is missing'}; ${method.name} with these options on ${clip.name} needs [${shape.join(', ')}]`,
        {
          hint:
            shape.length === 3 && shape[0] !== entry?.shape[0]
              ? 'Name as many classes as it was trained on.'
              : 'Name the model it was trained on with --model, and leave out options of depth and length.',
        },
      )
    }
    const values = await entry.read()
    if (!values.every(Number.isFinite)) {
      throw new WeightsError(`${source}: ${key} holds values that are not finite`, {
        hint: 'Training diverged before this checkpoint was written: take an earlier epoch.',
      })
    }
    parameters.set(name, values)
  }
  const learned = (key: string) => /VPT|compound_prompt/.test(key) && !key.startsWith(`${PROMPT_LEARNER}ZS_`)
  const surplus = [...entries.keys()].find((key) => learned(key) && !parameters.has(key))
  if (surplus === undefined) return parameters
  throw new WeightsError(
    `${source}: ${surplus} has shape [${entries.get(surplus)!.shape.join(', ')}]; ${method.name} with these options has no such prompt`,
    { hint: 'Leave out options of depth: they follow from the checkpoint.' },
  )
}

/** Contexts that a checkpoint holds: one, or one a class. */
function contextsIn({ entries }: TorchFile): number {
  const { shape } = entries.get('ctx') ?? entries.get(`${PROMPT_LEARNER}ctx`)!
  return shape.length === 3 ? shape[0]! : 1
}

/** The initial words decide what stands between context and class name where there are more words than vectors. */
function wordsOption(
  options: Readonly<Record<string, unknown>>,
  tokens: readonly number[][],
  clip: Clip,
  method: Method,
): { readonly contextInit?: string } {
  if ('contextInit' in options) return {}
  const { contextInit } = method.options.parse({}) as { contextInit: string }
  const rest = restOfWords({ ...options, contextInit }, clip)
  return tokens.every((ids) => rest.every((id, i) => ids[i] === id)) ? {} : { contextInit: '' }
}

/** Tokens of the initial words that no context vector replaces. */
function restOfWords(options: Readonly<Record<string, unknown>>, clip: Clip): number[] {
  const length = (options.textContext ?? options.context) as number
  const words = startingWords((options.contextInit ?? '') as string, length)
  return words === undefined ? [] : clip.tokenizer.encode(words).slice(length)
}

function namesOf(
  tokens: number[][] | undefined,
  options: Readonly<Record<string, unknown>>,
  clip: Clip,
  { source }: TorchFile,
): string[] {
  const names = tokens && classNamesOf(tokens, restOfWords(options, clip).length, clip)
  if (names) return names
  throw new ConfigError(`${source} does not tell its classes: it holds no class tokens of ${clip.name}`, {
    hint: 'Name them with --class-names FILE, a line a class, in the order of training.',
  })
}
