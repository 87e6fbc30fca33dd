import {
  concat,
  constant,
  expand,
  gemm,
  layerNorm,
  pad,
  reshape,
  slice,
  type Tensor,
} from '../../graph/index.js'
import { type Rows, residualBlock } from '../block.js'
import type { BlockShape, BlockWeights, Norm } from '../block-weights.js'
import type { ClipConfig } from '../config.js'
import { type InsertedTokens, mixedTokens } from './tower.js'

/** Added to the score of a key that must not be seen; its weight underflows to exactly zero. */
export const MASKED = -1e9

/** The text tower's weights as the graph applies them. */
export interface TextTowerWeights {
  readonly blocks: readonly BlockWeights[]
  readonly lnFinal: Norm
  /** [width, embedDim] */
  readonly projection: Tensor
}

/**
 * What the text tower reads. A text is [prefix, suffix]. A prefix (the start token and context vectors) is the same for
 * many texts: since attention is causal its states do not depend on what follows, so they are computed once. There may
 * be Q prefixes, each of texts / Q consecutive texts. Suffixes (class name, full stop, end token) are right-aligned to a common length; the padding on
 * their left is masked. Token and position embeddings are already added.
 */
export interface TextInputs {
  /** Start token and context vectors: [Q * P, width]. */
  readonly prefix: Tensor
  /** Added to the scores among a prefix's tokens: [Q, 1, P, P]. Default: causal, with no padding. */
  readonly prefixMask?: Tensor
  /** Q; default: 1. */
  readonly prefixes?: number
  /** Right-aligned suffixes, text by text: [texts * S, width]. */
  readonly suffixes: Tensor
  /** Number of texts, or of rows of S tokens into which several suffixes are packed. */
  readonly texts: number
  /** Where suffixes are packed: the end tokens of each row of S as one-hot rows [texts, E, S]. Default: the last token. */
  readonly ends?: Tensor
  /** Added to the scores of suffix tokens over [prefix, suffix] keys: [texts, 1, S, P + S]. */
  readonly mask: Tensor
  /**
   * Deep prompts of a single prefix, `deep[i]` for block i + 1: [P - 1, width] each. They replace the states of the context vectors at
   * the input of their block; after the last one the context's states flow on.
   */
  readonly deep?: readonly Tensor[]
  /** Tokens that are inserted behind the start token of a single prefix. Not together with prompts. */
  readonly inserted?: InsertedTokens | undefined
  /**
   * States of each text's own, [texts, P - 1, width], that replace those of a single prefix's context vectors at the input of
   * a block (counted from 0); from there on every text has a prefix of its own.
   */
  readonly own?: { readonly block: number; readonly states: Tensor } | undefined
  /** Block, from 0, whose input prefix and suffixes are. Default: 0. */
  readonly first?: number
}

/** The text tower's weights: `get` gives tensors by name, `block` the weights of the block of a name prefix. */
export function textTowerWeights(
  config: ClipConfig,
  get: (name: string) => Tensor,
  block: (prefix: string, shape: BlockShape) => BlockWeights,
): TextTowerWeights {
  const { width, heads, layers } = config.text
  const shape = { width, heads, activation: config.activation }
  return {
    blocks: Array.from({ length: layers }, (_, i) => block(`transformer.resblocks.${i}`, shape)),
    lnFinal: { gain: get('ln_final.weight'), bias: get('ln_final.bias') },
    projection: get('text_projection'),
  }
}

/** Text features, not normalised: [texts, embedDim], or [texts * E, embedDim] where suffixes are packed. */
export function textTower(w: TextTowerWeights, inputs: TextInputs): Tensor {
  const { prefix, prefixes = 1, suffixes, texts, ends, deep = [], own, inserted, first = 0 } = inputs
  let { mask } = inputs
  let p = prefix.dim(0) / prefixes
  const s = suffixes.dim(0) / texts
  const last = w.blocks.length - 1
  let sharedMask = inputs.prefixMask ?? causalMask(p)

  let rows: Rows = { shared: prefix, prefixes, items: suffixes, groups: texts }
  for (const [i, block] of w.blocks.entries()) {
    if (i < first) continue
    const prompts = i > 0 ? deep[i - 1] : undefined
    if (prompts) rows = { ...rows, shared: concat([slice(rows.shared!, 0, 0, 1), prompts], 0) }
    if (i === own?.block) rows = { ...rows, shared: ownPrefixes(rows.shared!, own.states), prefixes: texts }
    const tokens = inserted?.tokens[i - inserted.first]
    if (inserted && tokens) {
      const n = tokens.dim(0)
      const shared = rows.shared!
      const isFirst = i === inserted.first
      const there = isFirst ? undefined : slice(shared, 0, 1, 1 + n)
      const behind = isFirst ? 1 : 1 + n
      const rest = p > behind ? [slice(shared, 0, behind, p)] : []
      const joined = [slice(shared, 0, 0, 1), mixedTokens(inserted, tokens, there), ...rest]
      rows = { ...rows, shared: concat(joined, 0) }
      if (isFirst) {
        p += n
        sharedMask = causalMask(p)
        mask = pad(mask, 3, n, 0)
      }
    }
    const replacedNext = i < last && (deep[i] !== undefined || own?.block === i + 1)
    rows = residualBlock(block, rows, {
      // Only the end token is read after the last block; states that are replaced next are not computed.
      sharedOut: i === last ? 0 : replacedNext ? 1 : p,
      itemsOut: i < last ? [0, s] : (ends ?? [s - 1, s]),
      sharedMask,
      itemMask: mask,
    })
  }
  return gemm(layerNorm(rows.items, w.lnFinal.gain, w.lnFinal.bias), w.projection)
}

/** What a block, counted from 0, reads of texts without prompts behind a single prefix: prefix and suffixes. */
export function textStates(
  w: TextTowerWeights,
  { prefix, suffixes, texts, mask }: Pick<TextInputs, 'prefix' | 'suffixes' | 'texts' | 'mask'>,
  block: number,
): { readonly prefix: Tensor; readonly suffixes: Tensor } {
  const sharedMask = causalMask(prefix.dim(0))
  let rows: Rows = { shared: prefix, items: suffixes, groups: texts }
  for (const weights of w.blocks.slice(0, block))
    rows = residualBlock(weights, rows, { sharedMask, itemMask: mask })
  return { prefix: rows.shared!, suffixes: rows.items }
}

/** A prefix's start state before each text's own states [texts, n, width]: [texts * (1 + n), width]. */
function ownPrefixes(prefix: Tensor, states: Tensor): Tensor {
  const [texts, n, width] = states.shape as [number, number, number]
  const start = expand(reshape(slice(prefix, 0, 0, 1), [1, 1, width]), [texts, 1, width])
  return reshape(concat([start, states], 1), [texts * (1 + n), width])
}

/** Mask under which a token sees itself and what is before it: [n, n]; one a length in a graph. */
function causalMask(n: number): Tensor {
  const load = () => Float32Array.from({ length: n * n }, (_, k) => (k % n > Math.floor(k / n) ? MASKED : 0))
  return constant(`causal:${n}`, [n, n], load, { owner: causalMask })
}
