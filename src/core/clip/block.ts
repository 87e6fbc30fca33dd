import {
  add,
  attention,
  concat,
  expand,
  gelu,
  gemm,
  layerNorm,
  matmul,
  mul,
  normalize,
  quickGelu,
  reshape,
  silu,
  slice,
  split,
  Tensor,
  transpose,
} from '../graph/index.js'
import type { BlockWeights, Linear, Norm } from './block-weights.js'

/**
 * Rows between two blocks. `items` are the rows of G sequences of S tokens each, sequence by sequence. `shared` rows
 * stand for P tokens that all sequences have in common and that no sequence can change: the prompt prefix of
 * causal text, or visual prompts that are about to be replaced. They are computed once instead of G times. There may be
 * Q such prefixes (a set of prompts, or one an image), each shared by G / Q consecutive sequences.
 */
export interface Rows {
  /** [Q * P, width] */
  readonly shared: Tensor | undefined
  /** Q; default: 1 */
  readonly prefixes?: number
  /** [G * S, width] */
  readonly items: Tensor
  /** G */
  readonly groups: number
}

/**
 * Rotary positions of the items' tokens: queries and keys x become x * cos + swap(x) * sin, where swap exchanges the two
 * halves of a head. A token of no position has cos 1 and sin 0, as shared rows always do.
 */
export interface RotaryPositions {
  /** [S, head width] */
  readonly cos: Tensor
  /** [S, head width], negative in the first half. */
  readonly sin: Tensor
}

/** Which rows a block must put out; all others only serve as keys and values. */
export interface BlockOptions {
  /** Leading rows of every shared prefix that go on. Default: all. */
  readonly sharedOut?: number
  /**
   * Tokens of every item sequence that go on: those [from, to), or those that one-hot rows [G, E, S] name, which may
   * differ from sequence to sequence. Default: all.
   */
  readonly itemsOut?: readonly [number, number] | Tensor
  /** Added to the scores among shared rows: [P, P], or [Q, 1, P, P]. */
  readonly sharedMask?: Tensor
  /** Added to the scores of the items over [shared, own] keys: [G, 1, S, P + S]. */
  readonly itemMask?: Tensor
  /** Positions of the items, where queries and keys carry them. Not where `itemsOut` are one-hot rows. */
  readonly rotary?: RotaryPositions | undefined
  /** Told the items' queries, the keys they attend to [G, heads, tokens, head width], and how many lead as shared. */
  readonly observe?: ((queries: Tensor, keys: Tensor, shared: number) => void) | undefined
}

/** One pre-norm residual attention block: x + attention(norm(x)), then x + mlp(norm(x)). */
export function residualBlock(w: BlockWeights, rows: Rows, options: BlockOptions = {}): Rows {
  const { shared, items, groups } = rows
  const width = items.dim(1)
  const q = rows.prefixes ?? 1
  const p = (shared?.dim(0) ?? 0) / q
  const s = items.dim(0) / groups
  const sharedOut = options.sharedOut ?? p
  const { itemsOut = [0, s] } = options
  const packed = itemsOut instanceof Tensor
  const everyItem = !packed && itemsOut[0] === 0 && itemsOut[1] === s
  /** The tokens that go on, of [G, S, n]. */
  const read = (x: Tensor): Tensor => (packed ? matmul(itemsOut, x) : slice(x, 1, ...itemsOut))

  /** The rows that go on, out of all rows. */
  const keep = (rows: Tensor): Tensor => {
    if (sharedOut === p && everyItem) return rows
    const [head, tail] = p === 0 ? [undefined, rows] : split(rows, 0, [q * p, groups * s])
    const flat = (x: Tensor) => reshape(x, [-1, width])
    const kept = flat(read(reshape(tail!, [groups, s, width])))
    if (!head || sharedOut === 0) return kept
    return concat([flat(slice(reshape(head, [q, p, width]), 1, 0, sharedOut)), kept], 0)
  }
  /** Rows [..., width] as [G, heads, tokens, head width], shared rows (Q instead of G) and items apart. */
  const byHead = (all: Tensor, sharedRows: number): [Tensor | undefined, Tensor] => {
    const heads = (x: Tensor, g: number) =>
      transpose(reshape(x, [g, -1, w.heads, width / w.heads]), [0, 2, 1, 3])
    if (sharedRows === 0) return [undefined, heads(all, groups)]
    const [head, tail] = split(all, 0, [q * sharedRows, all.dim(0) - q * sharedRows])
    return [heads(head!, q), heads(tail!, groups)]
  }
  const joinHeads = (x: Tensor) => reshape(transpose(x, [0, 2, 1, 3]), [-1, width])

  const x = shared ? concat([shared, items], 0) : items // (Q*P + G*S, width)
  const normal = norm(x, w.norm1, w.epsilon)
  const [qShared, qPlain] = byHead(linear(keep(normal), w.query), sharedOut)
  const [kShared, kPlain] = byHead(linear(normal, w.key), p)
  const [vShared, vItems] = byHead(linear(normal, w.value), p)
  const { rotary } = options
  if (rotary && packed) throw new TypeError('rotary positions of tokens that one-hot rows name')
  const qItems = rotary ? rotated(qPlain, rotary, itemsOut as readonly [number, number]) : qPlain
  const kItems = rotary ? rotated(kPlain, rotary, [0, s]) : kPlain
  options.observe?.(qItems, withShared(kShared, kItems), p)

  const itemMask =
    options.itemMask &&
    (packed
      ? reshape(read(reshape(options.itemMask, [groups, s, p + s])), [groups, 1, -1, p + s])
      : slice(options.itemMask, 2, ...itemsOut))
  const attended = joinHeads(
    attention(qItems, withShared(kShared, kItems), withShared(vShared, vItems), itemMask),
  )
  const all = qShared
    ? concat(
        [joinHeads(attention(qShared, kShared!, vShared!, rowsOf(options.sharedMask, sharedOut))), attended],
        0,
      )
    : attended

  const subNorm = (x: Tensor) => (w.subNorms ? normalize(x, w.epsilon) : x)
  const h = add(keep(x), linear(subNorm(all), w.out))
  const y = add(h, linear(subNorm(hidden(norm(h, w.norm2, w.epsilon), w)), w.proj))
  if (sharedOut === 0) return { shared: undefined, items: y, groups }
  const [yShared, yItems] = split(y, 0, [q * sharedOut, y.dim(0) - q * sharedOut])
  return { shared: yShared, prefixes: q, items: yItems!, groups }
}

/**
 * Every token's output of every block, computed without savings: [sequences, tokens, width] each.
 *
 * @param first input of the first block: [sequences * tokens, width]
 * @param mask added to the scores: [sequences, 1, tokens, tokens]
 * @param rotary positions of the tokens, where queries and keys carry them
 */
export function blockOutputs(
  blocks: readonly BlockWeights[],
  first: Tensor,
  sequences: number,
  mask?: Tensor,
  rotary?: RotaryPositions,
): Tensor[] {
  let rows: Rows = { shared: undefined, items: first, groups: sequences }
  return blocks.map((block) => {
    rows = residualBlock(block, rows, { rotary, ...(mask ? { itemMask: mask } : {}) })
    return reshape(rows.items, [sequences, -1, first.dim(1)])
  })
}

/** Keys or values of every sequence behind the shared ones: [G, heads, P + S, head width]. */
function withShared(shared: Tensor | undefined, items: Tensor): Tensor {
  if (!shared) return items
  const [groups, heads, , width] = items.shape as [number, number, number, number]
  const [prefixes, , p] = shared.shape as [number, number, number, number]
  const each = expand(reshape(shared, [prefixes, 1, heads, p, width]), [
    prefixes,
    groups / prefixes,
    heads,
    p,
    width,
  ])
  return concat([reshape(each, [groups, heads, p, width]), items], 2)
}

const rowsOf = (mask: Tensor | undefined, rows: number) => mask && slice(mask, -2, 0, rows)

/** x W^T + b, and what stands beside it. */
export function linear(x: Tensor, { weight, bias, beside }: Linear): Tensor {
  const y = gemm(x, weight, { transB: true, bias })
  return beside ? add(y, beside(x)) : y
}

/** Layer norm with gain and bias, or without where they are folded into what follows. */
export function norm(x: Tensor, weights: Norm | undefined, epsilon?: number): Tensor {
  return weights ? layerNorm(x, weights.gain, weights.bias, epsilon) : normalize(x, epsilon)
}

/** Queries or keys [G, heads, tokens, head width] of the tokens [from, to), turned by their positions. */
function rotated(x: Tensor, { cos, sin }: RotaryPositions, [from, to]: readonly [number, number]): Tensor {
  const [first, second] = split(x, 3, [x.dim(3) / 2, x.dim(3) / 2])
  return add(mul(x, slice(cos, 0, from, to)), mul(concat([second!, first!], 3), slice(sin, 0, from, to)))
}

/** What the MLP has between its two products. */
function hidden(x: Tensor, { fc, gate, activation }: BlockWeights): Tensor {
  return gate
    ? mul(activate(linear(x, gate), activation), linear(x, fc))
    : activate(linear(x, fc), activation)
}

function activate(x: Tensor, kind: BlockWeights['activation']): Tensor {
  if (kind === 'exact') return gelu(x)
  return kind === 'quick' ? quickGelu(x) : silu(x)
}
