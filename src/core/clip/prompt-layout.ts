import { ConfigError } from '../errors.js'
import { constant, type HostTensor, type LoadValues, type Tensor } from '../graph/index.js'
import type { Clip } from './clip.js'
import { readableClassName } from './templates.js'
import { MASKED } from './towers/text-tower.js'

/** Where the class name stands among the context vectors: behind them, between two halves, or in front. */
export type ClassPosition = 'end' | 'middle' | 'front'

/** What the prompts "CONTEXT NAME." of a list of classes are laid out by. */
export interface PromptLayoutOptions {
  /** The words in the context's place when a prompt is tokenised. */
  readonly words: string
  /** Context vectors of a prompt, n_ctx. */
  readonly length: number
  readonly position: ClassPosition
  /** True where context vectors may be computed once for all classes, false where every class has its own. */
  readonly shared: boolean
}

/** A place of a prompt behind the prefix: a token of the text, or a context vector. Undefined: padding. */
type Slot = { readonly token: number } | { readonly context: number } | undefined

/**
 * Prompts laid out for the text tower. The prefix (the start token and `leading` context vectors) is common to all
 * classes; the suffix of S slots, right-aligned, is a class's own.
 */
export interface PromptLayout {
  /** Context vectors of the prefix: the first ones. */
  readonly leading: number
  /** S */
  readonly suffixLength: number
  /** Token embeddings and positions of the suffixes, zero where a context vector or padding stands: [C * S, width]. */
  readonly fixed: Tensor
  /** Which of the remaining context vectors stands where: one-hot rows [C * S, n_ctx - leading]. */
  readonly placement: Tensor | undefined
  /** Added to scores of the suffixes over [prefix, suffix] keys: [C, 1, S, 1 + leading + S]. */
  readonly mask: Tensor
}

/**
 * Lays out the prompts of the classes. A prompt is tokenised with `words` in the context's place; the tokens there are
 * then replaced by context vectors. With the class name in the middle, floor(n_ctx / 2) vectors stand before it. The
 * name has the length of its bare tokens, as in the CoOp reference code: a name that ends in punctuation may form
 * another token together with the full stop, and then leaves its last token behind the context.
 *
 * @throws ConfigError when a prompt is longer than the tower's context
 */
export function layoutPrompts(
  clip: Clip,
  { words, length, position, shared }: PromptLayoutOptions,
  classNames: readonly string[],
): PromptLayout {
  const before = { end: length, middle: Math.floor(length / 2), front: 0 }[position]
  const leading = shared ? before : 0
  const prompts = classNames.map((name) => {
    const readable = readableClassName(name)
    const nameLength = position === 'end' ? 0 : clip.tokenizer.encode(readable).length
    const rest = promptTokens(clip, words, readable, length).slice(1 + length)
    const contextSlots = (from: number, to: number): Slot[] =>
      Array.from({ length: to - from }, (_, i) => ({ context: from + i - leading }))
    return [
      ...contextSlots(leading, before),
      ...tokenSlots(rest.slice(0, nameLength)),
      ...contextSlots(before, length),
      ...tokenSlots(rest.slice(nameLength)),
    ]
  })
  const s = Math.max(...prompts.map((slots) => slots.length))
  const p = 1 + leading
  const padded = prompts.map((slots) => rightAligned(slots, s))
  const layout = JSON.stringify([words, length, position, shared, classNames])
  // Two layouts of the same prompts for one model are the same constants.
  const laidOut = (name: string, shape: readonly number[], load: LoadValues) =>
    constant(name, shape, load, { owner: clip, key: `${name} ${layout}` })
  const { width } = clip.config.text
  const c = classNames.length
  return {
    leading,
    suffixLength: s,
    fixed: laidOut('prompts.fixed', [c * s, width], () => fixedRows(clip, padded, p)),
    placement:
      length === leading
        ? undefined
        : laidOut('prompts.placement', [c * s, length - leading], () =>
            placementRows(padded, length - leading),
          ),
    mask: laidOut('prompts.mask', [c, 1, s, p + s], () => suffixMask(padded, p)),
  }
}

/** Texts laid out for the text tower: see `TextInputs` for what prefix and suffix are. */
export interface TextBatch {
  readonly texts: number
  /** Tokens before the suffixes: the start token and the context. */
  readonly prefixLength: number
  readonly suffixLength: number
  /** Embedded suffixes with positions, right-aligned: [texts * S, width]. */
  readonly suffixes: HostTensor
  /** [texts, 1, S, P + S] */
  readonly mask: HostTensor
}

/**
 * Lays out tokenised texts (start token first, end token last) behind a common prefix of `prefixLength` tokens.
 * What follows the first end token of a text is left out: the tower is causal and reads that token alone.
 *
 * @param suffixLength common length of the suffixes; default: the longest one
 */
export async function layoutTexts(
  clip: Clip,
  tokens: readonly (readonly number[])[],
  prefixLength: number,
  suffixLength?: number,
): Promise<TextBatch> {
  const { endToken } = clip.tokenizer
  const suffixes = tokens.map((ids) => tokenSlots(ids.slice(prefixLength, ids.indexOf(endToken) + 1)))
  const s = suffixLength ?? Math.max(...suffixes.map(({ length }) => length))
  const p = prefixLength
  const padded = suffixes.map((slots) => rightAligned(slots, s))
  const texts = tokens.length
  return {
    texts,
    prefixLength: p,
    suffixLength: s,
    suffixes: { shape: [texts * s, clip.config.text.width], data: await fixedRows(clip, padded, p) },
    mask: { shape: [texts, 1, s, p + s], data: suffixMask(padded, p) },
  }
}

const tokenSlots = (ids: readonly number[]): Slot[] => ids.map((token) => ({ token }))

const rightAligned = (slots: readonly Slot[], length: number): Slot[] => [
  ...Array<Slot>(length - slots.length).fill(undefined),
  ...slots,
]

/** "WORDS NAME." up to its end token. */
function promptTokens(clip: Clip, words: string, name: string, length: number): number[] {
  const { tokenizer } = clip
  const text = `${words} ${name}.`
  const tokens = [tokenizer.startToken, ...tokenizer.encode(text), tokenizer.endToken]
  const { contextLength } = clip.config.text
  const excess = tokens.length - contextLength
  if (excess > 0) {
    const fits = length - excess
    throw new ConfigError(
      `${length} context vectors and the class name "${name}" need ${tokens.length} tokens; ${clip.name} reads at most ${contextLength}`,
      {
        hint:
          fits > 0
            ? `At most ${fits} context vectors leave room for this name.`
            : 'Shorten the class name: not one context vector fits beside it.',
      },
    )
  }
  return tokens
}

/** Embeddings of the tokens, plus the positions of all slots but padding. */
async function fixedRows(
  clip: Clip,
  prompts: readonly Slot[][],
  prefixLength: number,
): Promise<Float32Array> {
  const { width } = clip.config.text
  const slots = prompts.flat()
  const ids = [...new Set(slots.flatMap((slot) => (slot && 'token' in slot ? [slot.token] : [])))]
  const table = await clip.embedTokens(ids)
  const row = new Map(ids.map((id, i) => [id, i * width]))
  const positions = await clip.tensors.read('positional_embedding')
  const rows = new Float32Array(slots.length * width)
  let target = 0
  for (const prompt of prompts) {
    let position = prefixLength * width
    for (const slot of prompt) {
      if (slot) {
        const embedding = 'token' in slot ? row.get(slot.token)! : undefined
        for (let d = 0; d < width; d++) {
          const value = embedding === undefined ? 0 : table[embedding + d]!
          rows[target + d] = value + positions[position + d]!
        }
        position += width
      }
      target += width
    }
  }
  return rows
}

function placementRows(prompts: readonly Slot[][], vectors: number): Float32Array {
  const slots = prompts.flat()
  const rows = new Float32Array(slots.length * vectors)
  for (const [i, slot] of slots.entries()) if (slot && 'context' in slot) rows[i * vectors + slot.context] = 1
  return rows
}

/** Causal over the suffix, and blind to padding. */
function suffixMask(prompts: readonly Slot[][], prefixLength: number): Float32Array {
  const s = prompts[0]!.length
  const keys = prefixLength + s
  const mask = new Float32Array(prompts.length * s * keys)
  for (const [text, slots] of prompts.entries()) {
    for (let query = 0; query < s; query++) {
      const row = (text * s + query) * keys + prefixLength
      for (let key = 0; key < s; key++) if (key > query || !slots[key]) mask[row + key] = MASKED
    }
  }
  return mask
}
