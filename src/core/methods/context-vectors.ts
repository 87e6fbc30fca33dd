import * as z from 'zod'
import type { Clip } from '../clip/clip.js'
import { ConfigError } from '../errors.js'
import type { RandomStream } from '../random.js'
import type { Lookup, ParameterSpec } from './method.js'

/** Most context vectors or visual prompts: texts have 77 tokens, images a few hundred patches. */
export const MOST_PROMPTS = 1024

/** Standard deviation of randomly initialised prompts. */
const INIT_STD = 0.02

/** A tensor of normally distributed values of the reference's standard deviation. */
export function randomPrompts(name: string, shape: readonly number[]): ParameterSpec {
  const size = shape.reduce((product, n) => product * n, 1)
  return {
    name,
    shape,
    init: (random) => Float32Array.from({ length: size }, () => INIT_STD * random.normal()),
  }
}

/** A tensor of n_ctx context vectors that start from the embeddings of the first tokens of the words: [n_ctx, width]. */
function wordedContext(name: string, words: string, length: number, clip: Clip): ParameterSpec {
  return {
    name,
    shape: [length, clip.config.text.width],
    init: () => clip.embedTokens(clip.tokenizer.tokenize(words).slice(1, 1 + length)),
  }
}

/** What stands for random context vectors when a prompt is tokenised: as many words of one token. */
export const placeholder = (length: number): string => Array(length).fill('X').join(' ')

/** Words as the reference reads them from a configuration, where underscores stand for spaces. */
const initialWords = (contextInit: string): string => contextInit.replaceAll('_', ' ')

/** A linear layer's weight [out, in] and bias [out], initialised uniformly within 1 / sqrt(in). */
export function linearLayer(name: string, inputs: number, outputs: number, stream = name): ParameterSpec[] {
  const bound = 1 / Math.sqrt(inputs)
  const uniform = (part: string, shape: readonly number[]): ParameterSpec => ({
    name: `${name}.${part}`,
    shape,
    stream: `${stream}.${part}`,
    init: (random: RandomStream) =>
      Float32Array.from(
        { length: shape.reduce((product, n) => product * n, 1) },
        () => (2 * random.uniform() - 1) * bound,
      ),
  })
  return [uniform('weight', [outputs, inputs]), uniform('bias', [outputs])]
}

/** The tensors of a layer of {@link linearLayer}, by its name. */
export const layerOf = (parameter: Lookup, name: string) => ({
  weight: parameter(`${name}.weight`),
  bias: parameter(`${name}.bias`),
})

/** Options of {@link learnedContext}, with their defaults. */
export const contextOptions = (context: number, contextInit: string) => ({
  context: z
    .int()
    .min(1)
    .max(MOST_PROMPTS)
    .default(context)
    .describe('context vectors; with contextInit its number of words'),
  contextInit: z.string().default(contextInit).describe('words the context starts from; empty: random'),
})

/** Where CoOp's and its successors' context vectors start, and the words that stand for them when a prompt is tokenised. */
export interface LearnedContext {
  /** [...each, n_ctx, text width]. */
  readonly vectors: ParameterSpec
  readonly words: string
}

/**
 * The context vectors of CoOp and its successors: random ones, or as many as the words of `contextInit` count by their spaces,
 * which they then start from.
 *
 * @param each sizes before these of a context, such as a number of classes, for random ones
 */
export function learnedContext(
  name: string,
  { context, contextInit }: { readonly context: number; readonly contextInit: string },
  clip: Clip,
  each: readonly number[] = [],
): LearnedContext {
  if (contextInit === '') {
    const vectors = randomPrompts(name, [...each, context, clip.config.text.width])
    return { vectors, words: placeholder(context) }
  }
  const words = initialWords(contextInit)
  return { vectors: wordedContext(name, words, words.split(' ').length, clip), words }
}

/** Longest context that words initialise; a longer one is random (as the reference does). */
const LONGEST_WORDED = 4

/** The words that contexts of prompts in both towers start from unless told otherwise. */
export const PHOTO = 'a photo of a'

/** The words a context of prompts in both towers starts from, or undefined where it is random. */
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

/** Refuses words, unless they are the default, for a context that is too long to start from them. */
export function checkStartingWords(contextInit: string, length: number, option: string): void {
  if (contextInit === '' || contextInit === PHOTO || length <= LONGEST_WORDED) return
  throw new ConfigError(
    `contextInit "${contextInit}": only up to ${LONGEST_WORDED} context vectors start from words; ${option} is ${length}`,
    { hint: `Set ${option} to at most ${LONGEST_WORDED}, or leave contextInit out for a random start.` },
  )
}
