import type { ClipConfig } from './config.js'

// Texts of several lengths, packed into rows of one length: no text is padded to the length of the longest.

/** Lengths of a row that are tried. */
export const ROW_LENGTHS = [8, 12, 16, 24, 32, 48, 64, 77]

/** Floating-point operations of the tower's weights a token. */
export const tokenFlops = ({ width, layers }: ClipConfig['text']): number => 24 * width ** 2 * layers

/** What a token costs that attends to so many: products over the width, and attention, 24 width^2 + 4 width keys. */
export const tokenCost = (width: number, keys: number): number => 1 + keys / (6 * width)

/** Rows that hold the texts with the fewest operations: a row's length, and the texts in each row. */
export function packedRows(
  lengths: readonly number[],
  prefix: number,
  width: number,
): { readonly length: number; readonly rows: readonly (readonly number[])[] } {
  const longest = lengths.reduce((most, n) => Math.max(most, n), 0)
  const packings = [longest, ...ROW_LENGTHS.filter((n) => n > longest)].map((length) => {
    const rows = filledRows(lengths, length)
    return { length, rows, cost: rows.length * length * tokenCost(width, prefix + length) }
  })
  return packings.reduce((best, packing) => (packing.cost < best.cost ? packing : best))
}

/** There may be more lists than a call takes arguments. */
export const longestOf = (lists: readonly (readonly unknown[])[]): number =>
  lists.reduce((most, { length }) => Math.max(most, length), 0)

/** Rows of a length, each filled with texts: the longest texts first, each into the row that it fills best. */
export function filledRows(lengths: readonly number[], length: number): number[][] {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b]! - lengths[a]! || a - b)
  const rows: number[][] = []
  const withRoom: number[][][] = Array.from({ length: length + 1 }, () => [])
  for (const i of order) {
    const needed = lengths[i]!
    let room = needed
    while (room < length && withRoom[room]!.length === 0) room++
    let row = withRoom[room]!.pop()
    if (!row) {
      row = []
      rows.push(row)
    }
    row.push(i)
    withRoom[room - needed]!.push(row)
  }
  return rows
}
