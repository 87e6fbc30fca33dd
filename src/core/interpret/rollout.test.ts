import { describe, expect, it } from 'vitest'
import { randomStream } from '../random.js'
import { type BlockAttention, rollout } from './rollout.js'

const block = (fresh: number, rows: number[][]): BlockAttention => ({
  weights: Float32Array.from(rows.flat()),
  keys: rows[0]!.length,
  fresh,
})

/** Attention drawn at random; rows sum to 1. */
function drawn(queries: number, keys: number, fresh: number, name: string): BlockAttention {
  const random = randomStream(1, name)
  const rows = Array.from({ length: queries }, () => {
    const values = Array.from({ length: keys }, () => random.uniform())
    const total = values.reduce((sum, value) => sum + value, 0)
    return values.map((value) => value / total)
  })
  return block(fresh, rows)
}

const total = ({ tokens, prompts }: ReturnType<typeof rollout>) =>
  tokens.reduce((sum, share) => sum + share, prompts)

describe('attention rollout', () => {
  it('halves the attention of a single block with the token itself', () => {
    const { tokens, prompts } = rollout([block(0, [[0.5, 0.25, 0.25]])], 3)
    expect([...tokens]).toEqual([0.75, 0.125, 0.125])
    expect(prompts).toBe(0)
  })

  it('multiplies blocks, as computed by hand', () => {
    const first = block(0, [
      [0.5, 0.5],
      [0, 1],
    ])
    const last = block(0, [[0.5, 0.5]])
    // Last: (0.75, 0.25). First, with half the identity: rows (0.75, 0.25) and (0, 1).
    expect([...rollout([first, last], 2).tokens]).toEqual([0.5625, 0.4375])
  })

  it('keeps what reaches a prompt that serves one block alone', () => {
    const first = block(1, [
      [0.2, 0.8, 0],
      [0.4, 0, 0.6],
    ])
    const last = block(1, [[0.5, 0.25, 0.25]])
    // Last: prompt 0.25, class 0.5 + 0.125, patch 0.125. First: prompt 0.1 of the class's, 0.2 of the patch's.
    const { tokens, prompts } = rollout([first, last], 2)
    expect(prompts).toBeCloseTo(0.25 + 0.1 * 0.625 + 0.2 * 0.125, 7)
    expect(tokens[0]).toBeCloseTo(0.9 * 0.625, 7)
    expect(tokens[1]).toBeCloseTo(0.8 * 0.125, 7)
  })

  it('follows a prompt that stays down to the block it enters', () => {
    const below = block(0, [
      [1, 0],
      [0, 1],
    ])
    const middle = block(0, [
      [0.6, 0.2, 0.2],
      [0, 1, 0],
      [0.5, 0, 0.5],
    ])
    const last = block(0, [[0, 0, 1]])
    // Last: class 0.5, prompt 0.5. Middle: prompt to class 0.25 * 0.5, class to prompt 0.1 * 0.5.
    const { tokens, prompts } = rollout([below, middle, last], 2)
    expect(prompts).toBeCloseTo(0.1 * 0.5 + 0.75 * 0.5, 7)
    expect(tokens[0]).toBeCloseTo(0.8 * 0.5 + 0.25 * 0.5, 7)
    expect(tokens[1]).toBeCloseTo(0.1 * 0.5, 7)
  })

  it('equals the first row of the product of whole matrices', () => {
    const n = 5
    const blocks = [drawn(n, n, 0, 'a'), drawn(n, n, 0, 'b'), drawn(n, n, 0, 'c')]
    const mixed = ({ weights }: BlockAttention) =>
      Array.from({ length: n }, (_, i) =>
        Array.from({ length: n }, (_, j) => (weights[i * n + j]! + (i === j ? 1 : 0)) / 2),
      )
    const product = blocks
      .map(mixed)
      .reduce((below, above) =>
        above.map((row) => row.map((_, j) => row.reduce((sum, a, k) => sum + a * below[k]![j]!, 0))),
      )
    const { tokens } = rollout(blocks, n)
    for (const [j, share] of tokens.entries()) expect(share).toBeCloseTo(product[0]![j]!, 12)
  })

  it.each([
    ['without prompts', [drawn(6, 6, 0, 'd'), drawn(1, 6, 0, 'e')]],
    ['with replaced prompts', [drawn(6, 8, 2, 'f'), drawn(6, 8, 2, 'g'), drawn(1, 6, 0, 'h')]],
    ['with prompts that stay', [drawn(6, 8, 2, 'i'), drawn(8, 8, 0, 'j'), drawn(1, 8, 0, 'k')]],
  ])('gives shares that sum to 1 %s', (_, blocks) => {
    expect(total(rollout(blocks, 6))).toBeCloseTo(1, 6)
    expect(rollout(blocks, 6).tokens).toHaveLength(6)
  })
})
