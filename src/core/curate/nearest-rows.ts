import { encodeGraph, gemm, input } from '../graph/index.js'
import type { Runtime } from '../runtime/session.js'

/** Rows compared with as many others in one product: bounds the memory for cosines to 4 MB. */
const BLOCK = 1024

/** The rows that are most like a row, the most alike first. */
export interface Neighbours {
  /** [rows, k], -1 where there are fewer. */
  readonly rows: Int32Array
  /** [rows, k] */
  readonly cosines: Float32Array
  readonly k: number
}

/**
 * The k other rows nearest to each row by cosine, exactly, by products of blocks: 10,000 rows of 512 values are 100 products
 * and take seconds; memory grows with the rows alone.
 *
 * @param features [rows, width] of unit length, row by row
 * @param onProgress called with the rows done
 * @throws the signal's reason when it aborts
 */
export async function nearestRows(
  runtime: Runtime,
  features: Float32Array,
  width: number,
  k: number,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (done: number) => void } = {},
): Promise<Neighbours> {
  const count = width > 0 ? features.length / width : 0
  const found = {
    rows: new Int32Array(count * k).fill(-1),
    cosines: new Float32Array(count * k).fill(Number.NEGATIVE_INFINITY),
    k,
  }
  if (count === 0) return found
  const block = Math.min(BLOCK, count)
  const shape = [block, width]
  const graph = { cosines: gemm(input('rows', shape), input('others', shape), { transB: true }) }
  const session = await runtime.compile(await encodeGraph(graph))
  const part = (start: number): Float32Array => {
    const data = new Float32Array(block * width)
    data.set(features.subarray(start * width, Math.min(count, start + block) * width))
    return data
  }
  try {
    for (let first = 0; first < count; first += block) {
      const rows = { shape, data: part(first) }
      for (let second = 0; second < count; second += block) {
        signal?.throwIfAborted()
        const { cosines } = await session.run({ rows, others: { shape, data: part(second) } })
        for (let i = 0; i < Math.min(block, count - first); i++) {
          for (let j = 0; j < Math.min(block, count - second); j++) {
            if (first + i !== second + j) insert(found, first + i, second + j, cosines!.data[i * block + j]!)
          }
        }
      }
      onProgress?.(Math.min(count, first + block))
    }
  } finally {
    await session.release()
  }
  return found
}

function insert({ rows, cosines, k }: Neighbours, row: number, other: number, cosine: number): void {
  const start = row * k
  let at = start + k - 1
  if (cosine <= cosines[at]!) return
  for (; at > start && cosine > cosines[at - 1]!; at--) {
    cosines[at] = cosines[at - 1]!
    rows[at] = rows[at - 1]!
  }
  cosines[at] = cosine
  rows[at] = other
}
