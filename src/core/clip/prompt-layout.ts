import { ConfigError } from '../errors.js'
import { constant, type HostTensor, type LoadValues, sizeOf, type Tensor } from '../graph/index.js'
import type { Clip } from './clip.js'
import { longestOf, packedRows, tokenFlops } from './packed-rows.js'
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
  /** How often the classes are encoded: once a prompt. */
  readonly prompts: number
  /** Whether suffixes are packed. Default: told from the number of tokens. */
  readonly packed?: boolean | undefined
}

/** Operations saved in one pass over the texts from which suffixes are packed: below, bits are those of padded texts. */
const WORTHWHILE = 4e9

/** A place of a prompt behind the prefix: a token of the text, or a context vector. */
type Slot = { readonly token: number } | { readonly context: number }

/**
 * Prompts laid out for the text tower. The prefix (the start token and `leading` context vectors) is common to all
 * classes; the suffix is a class's own. R rows of S slots, right-aligned, hold the suffixes: one each, or as many as have room where
 * that saves enough, so that one long name does not pad all others.
 */
export interface PromptLayout {
  /** Context vectors of the prefix: the first ones. */
  readonly leading: number
  /** S */
  readonly suffixLength: number
  /** R */
  readonly rows: number
  /** Token embeddings and positions of the suffixes, zero where a context vector or padding stands: [R * S, width]. */
  readonly fixed: Tensor
  /** Which of the remaining context vectors stands where: one-hot rows [R * S, n_ctx - leading]. */
  readonly placement: Tensor | undefined
  /** Added to scores of the suffixes over [prefix, suffix] keys: [R, 1, S, 1 + leading + S]. */
  readonly mask: Tensor
  /** Where suffixes are packed, E at most in a row: their end tokens, and which of these are the classes'. */
  readonly packed: { readonly ends: Tensor; readonly classes: Tensor } | undefined
}

/** Suffixes of a row, one after the other behind the padding. */
type Row = readonly (readonly Slot[])[]

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
  { words, length, position, shared, prompts: count, packed }: PromptLayoutOptions,
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
  const p = 1 + leading
  const { width } = clip.config.text
  const lengths = prompts.map((slots) => slots.length)
  const longest = longestOf(prompts)
  const packing = shared ? packedRows(lengths, p, width) : undefined
  const saved =
    prompts.length * longest - (packing ? packing.rows.length * packing.length : Number.POSITIVE_INFINITY)
  const chosen =
    packing && (packed ?? count * saved * tokenFlops(clip.config.text) > WORTHWHILE) ? packing : undefined
  const s = chosen?.length ?? longest
  const rows: Row[] = chosen
    ? chosen.rows.map((row) => row.map((text) => prompts[text]!))
    : prompts.map((slots) => [slots])
  const layout = JSON.stringify([words, length, position, shared, chosen !== undefined, classNames])
  // Two layouts of the same prompts for one model are the same constants.
  const laidOut = (name: string, shape: readonly number[], load: LoadValues) =>
    constant(name, shape, load, { owner: clip, key: `${name} ${layout}` })
  const r = rows.length
  return {
    leading,
    suffixLength: s,
    rows: r,
    fixed: laidOut('prompts.fixed', [r * s, width], () => fixedRows(clip, rows, s, p)),
    placement:
      length === leading
        ? undefined
        : laidOut('prompts.placement', [r * s, length - leading], () =>
            placementRows(rows, s, length - leading),
          ),
    mask: laidOut('prompts.mask', [r, 1, s, p + s], () => suffixMask(rows, s, p)),
    packed: chosen && packedEnds(chosen.rows, lengths, s, laidOut),
  }
}

/** Suffixes end one after the other: one-hot rows [R, E, S] of their end tokens, and [C, R * E] of the classes among these. */
function packedEnds(
  rows: readonly (readonly number[])[],
  lengths: readonly number[],
  s: number,
  laidOut: (name: string, shape: readonly number[], load: LoadValues) => Tensor,
): PromptLayout['packed'] {
  const most = longestOf(rows)
  const [ends, classes] = [[rows.length, most, s] as const, [lengths.length, rows.length * most] as const]
  return {
    ends: laidOut('prompts.ends', ends, () => {
      const data = new Float32Array(sizeOf(ends))
      for (const [i, row] of rows.entries()) {
        let end = s - row.reduce((sum, text) => sum + lengths[text]!, 0)
        for (const [e, text] of row.entries()) {
          end += lengths[text]!
          data[(i * most + e) * s + end - 1] = 1
        }
      }
      return data
    }),
    classes: laidOut('prompts.classes', classes, () => {
      const data = new Float32Array(sizeOf(classes))
      for (const [i, row] of rows.entries()) {
        for (const [e, text] of row.entries()) data[text * classes[1] + i * most + e] = 1
      }
      return data
    }),
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
  const rows = suffixes.map((slots) => [slots])
  const texts = tokens.length
  return {
    texts,
    prefixLength: p,
    suffixLength: s,
    suffixes: { shape: [texts * s, clip.config.text.width], data: await fixedRows(clip, rows, s, p) },
    mask: { shape: [texts, 1, s, p + s], data: suffixMask(rows, s, p) },
  }
}

const tokenSlots = (ids: readonly number[]): Slot[] => ids.map((token) => ({ token }))

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

/** Every slot of the rows: its place among all R * S, and its place in its suffix. */
function* placedSlots(
  rows: readonly Row[],
  s: number,
): Generator<readonly [slot: Slot, place: number, inSuffix: number]> {
  for (const [r, row] of rows.entries()) {
    let place = (r + 1) * s - row.reduce((sum, { length }) => sum + length, 0)
    for (const suffix of row) for (const [i, slot] of suffix.entries()) yield [slot, place++, i]
  }
}

/** Embeddings of the tokens, plus the positions of all slots but padding. */
async function fixedRows(
  clip: Clip,
  rows: readonly Row[],
  s: number,
  prefixLength: number,
): Promise<Float32Array> {
  const { width } = clip.config.text
  const ids = [...new Set(rows.flat(2).flatMap((slot) => ('token' in slot ? [slot.token] : [])))]
  const table = await clip.embedTokens(ids)
  const row = new Map(ids.map((id, i) => [id, i * width]))
  const positions = await clip.tensors.read('positional_embedding')
  const values = new Float32Array(rows.length * s * width)
  for (const [slot, place, i] of placedSlots(rows, s)) {
    const position = (prefixLength + i) * width
    const embedding = 'token' in slot ? row.get(slot.token)! : undefined
    for (let d = 0; d < width; d++) {
      const value = embedding === undefined ? 0 : table[embedding + d]!
      values[place * width + d] = value + positions[position + d]!
    }
  }
  return values
}

function placementRows(rows: readonly Row[], s: number, vectors: number): Float32Array {
  const values = new Float32Array(rows.length * s * vectors)
  for (const [slot, place] of placedSlots(rows, s))
    if ('context' in slot) values[place * vectors + slot.context] = 1
  return values
}

/** Causal over a suffix, and blind to padding and to other suffixes. */
function suffixMask(rows: readonly Row[], s: number, prefixLength: number): Float32Array {
  const keys = prefixLength + s
  const mask = new Float32Array(rows.length * s * keys)
  for (let query = 0; query < rows.length * s; query++)
    mask.fill(MASKED, query * keys + prefixLength, (query + 1) * keys)
  for (const [, place, i] of placedSlots(rows, s)) {
    const end = place * keys + prefixLength + (place % s) + 1
    mask.fill(0, end - i - 1, end)
  }
  return mask
}
