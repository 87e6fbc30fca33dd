/** Attention of one block, averaged over its heads. */
export interface BlockAttention {
  /** Row-major [queries, keys]; every row sums to 1. The queries are the first items: all of them, or the class token. */
  readonly weights: Float32Array
  readonly keys: number
  /** Leading keys that are not items: prompts that serve this block alone. The other keys are the items, in order. */
  readonly fresh: number
}

/** Where the attention of one token comes from in the end; all shares together are 1. */
export interface Rollout {
  /** Share of each token of the image: the class token, then the patches row by row. */
  readonly tokens: Float64Array
  /** Share of all prompts. */
  readonly prompts: number
}

/**
 * Attention rollout of the first token (Abnar & Zuidema 2020, section 3): the product of all blocks' attention, each
 * averaged with the identity, which stands for the residual connection. Only the first row of that product is made,
 * from the last block to the first.
 *
 * A prompt has no past in the blocks before the one it enters, so what reaches it there stays with it.
 *
 * @param blocks first block first
 * @param tokens tokens of the image, class token included; items beyond them are prompts
 */
export function rollout(blocks: readonly BlockAttention[], tokens: number): Rollout {
  let share = Float64Array.of(1)
  let prompts = 0
  for (let i = blocks.length - 1; i >= 0; i--) {
    const { weights, keys, fresh } = blocks[i]!
    const items = new Float64Array(keys - fresh)
    for (const [query, amount] of share.entries()) {
      const row = weights.subarray(query * keys, (query + 1) * keys)
      for (let key = 0; key < fresh; key++) prompts += (amount * row[key]!) / 2
      for (let key = fresh; key < keys; key++) items[key - fresh]! += (amount * row[key]!) / 2
      items[query]! += amount / 2
    }
    // Items that the block before does not have are prompts that enter here.
    const below = i > 0 ? blocks[i - 1]!.keys - blocks[i - 1]!.fresh : tokens
    for (let item = below; item < items.length; item++) prompts += items[item]!
    share = items.subarray(0, below)
  }
  return { tokens: share, prompts }
}
