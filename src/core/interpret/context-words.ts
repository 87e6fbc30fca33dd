import type { Run } from '../evaluate/create-classifier.js'
import type { ParameterSpec } from '../methods/method.js'
import { configure } from '../methods/registry.js'
import { randomStream } from '../random.js'
import { measure, nearestTokens, type Rows } from './nearest-tokens.js'
import { type TokenName, tokenName } from './token-name.js'

/** A vocabulary word near a context vector. */
export interface NearWord extends TokenName {
  readonly id: number
  /** Euclidean distance of its embedding. */
  readonly distance: number
  readonly cosine: number
}

/** Where a context vector began. */
export interface VectorStart {
  /** The word whose embedding it began as; absent where it began at random. */
  readonly word?: TokenName
  /** Euclidean distance travelled since. */
  readonly distance: number
}

/** What one learned context vector lies near. */
export interface ContextVector {
  readonly norm: number
  /** Absent where the start is not known. */
  readonly start?: VectorStart
  /** Nearest first. */
  readonly nearest: readonly NearWord[]
  /** Mean Euclidean distance to all tokens of the vocabulary: what `nearest` is to be compared with. */
  readonly meanDistance: number
}

/** The context vectors of one prompt, in the order in which they stand in it. */
export interface ContextPrompt {
  /** The class or the number of the prompt; absent where all classes share one. */
  readonly name?: string
  readonly vectors: readonly ContextVector[]
}

/** The reference's name of the context vectors of every method. */
const CONTEXT = 'prompt_learner.ctx'

/** Options of {@link contextWords}. */
export interface ContextWordsOptions {
  /** Words for each vector. Default: 5. */
  readonly top?: number
  /** Seed of the run, for where a random context began. */
  readonly seed?: number
}

/**
 * The vocabulary words nearest to each learned context vector at the text tower's input, by the Euclidean distance to
 * their token embeddings (CoOp paper, section 4.3). No prompts where the run learned none there.
 */
export async function contextWords(
  run: Run,
  { top = 5, seed }: ContextWordsOptions = {},
): Promise<ContextPrompt[]> {
  const { clip, runtime } = run.model
  const spec = configure(run.prompts, clip).parameters.find(({ name }) => name === CONTEXT)
  if (!spec) return []
  const width = spec.shape.at(-1)!
  const perPrompt = spec.shape.at(-2)!
  const learned: Rows = { width, data: run.prompts.parameters.get(CONTEXT)! }
  const table: Rows = {
    width,
    data: (await clip.tensors.read('token_embedding.weight')).subarray(0, clip.tokenizer.vocabSize * width),
  }
  const neighbours = await nearestTokens(runtime, table, learned, top)
  const begun = await startOf(spec, seed)
  const words =
    begun && !begun.random ? await nearestTokens(runtime, table, { width, data: begun.values }, 1) : []
  const row = (data: Float32Array, i: number) => data.subarray(i * width, (i + 1) * width)

  const vectors = neighbours.map(({ nearest, meanDistance }, i): ContextVector => {
    const own = row(learned.data, i)
    const origin = words[i]?.nearest[0]
    const word = origin?.distance === 0 ? { word: tokenName(clip.tokenizer, origin.id) } : {}
    return {
      norm: Math.hypot(...own),
      ...(begun ? { start: { ...word, distance: measure(own, row(begun.values, i)).distance } } : {}),
      nearest: nearest.map((near) => ({ ...near, ...tokenName(clip.tokenizer, near.id) })),
      meanDistance,
    }
  })
  const names = promptNames(run, spec)
  return Array.from({ length: vectors.length / perPrompt }, (_, k) => ({
    ...(names ? { name: names[k]! } : {}),
    vectors: vectors.slice(k * perPrompt, (k + 1) * perPrompt),
  }))
}

/** The initial values, and whether they are random; undefined where they depend on a seed that is not known. */
async function startOf(
  spec: ParameterSpec,
  seed: number | undefined,
): Promise<{ values: Float32Array; random: boolean } | undefined> {
  // As the trainer draws them. A start that two seeds agree on depends on none: words, not random numbers.
  const draw = (from: number) => spec.init(randomStream(from, 'init', spec.stream ?? spec.name))
  const [values, other] = await Promise.all([draw(seed ?? 0), draw((seed ?? 0) + 1)])
  const random = values.some((value, i) => value !== other[i])
  return random && seed === undefined ? undefined : { values, random }
}

/** Names of a class-specific context's classes or of a set of prompts; none for a single prompt. */
function promptNames({ prompts }: Run, { shape }: ParameterSpec): readonly string[] | undefined {
  if (shape.length === 2) return undefined
  const { classSpecific } = prompts.methodOptions as { classSpecific?: boolean }
  return classSpecific
    ? prompts.classNames
    : Array.from({ length: shape[0]! }, (_, k) => `prompt ${k + 1} of ${shape[0]}`)
}
