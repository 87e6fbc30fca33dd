import type { HostTensor } from '../graph/index.js'
import type { Clip } from './clip.js'
import { MASKED } from './towers/text-tower.js'

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
  const suffixes = tokens.map((ids) => ids.slice(prefixLength, ids.indexOf(endToken) + 1))
  const s = suffixLength ?? Math.max(...suffixes.map((ids) => ids.length))
  const p = prefixLength
  const { width } = clip.config.text

  const embedding = await embeddingTable(clip, suffixes)
  const positions = await clip.tensors.read('positional_embedding')
  const rows = new Float32Array(tokens.length * s * width)
  const mask = new Float32Array(tokens.length * s * (p + s))
  for (const [text, ids] of suffixes.entries()) {
    const padding = s - ids.length
    for (const [j, id] of ids.entries()) {
      const vector = embedding.get(id)!
      const target = (text * s + padding + j) * width
      const position = (p + j) * width
      for (let d = 0; d < width; d++) rows[target + d] = vector[d]! + positions[position + d]!
    }
    for (let query = 0; query < s; query++) {
      const row = (text * s + query) * (p + s) + p
      for (let key = 0; key < s; key++) if (key > query || key < padding) mask[row + key] = MASKED
    }
  }
  return {
    texts: tokens.length,
    prefixLength: p,
    suffixLength: s,
    suffixes: { shape: [tokens.length * s, width], data: rows },
    mask: { shape: [tokens.length, 1, s, p + s], data: mask },
  }
}

async function embeddingTable(
  clip: Clip,
  texts: readonly (readonly number[])[],
): Promise<Map<number, Float32Array>> {
  const ids = [...new Set(texts.flat())].sort((a, b) => a - b)
  const { width } = clip.config.text
  const rows = await clip.embedTokens(ids)
  return new Map(ids.map((id, i) => [id, rows.subarray(i * width, (i + 1) * width)]))
}
