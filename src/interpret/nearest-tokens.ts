import { encodeGraph, gemm, input } from '../graph/index.js'
import type { Runtime } from '../runtime/session.js'

/** A token embedding near a vector. */
export interface NearToken {
  readonly id: number
  /** Euclidean. */
  readonly distance: number
  /** Cosine of the angle between the two. */
  readonly cosine: number
}

/** What a vector lies near. */
export interface Neighbours {
  /** Nearest first; of equals the smaller id first. */
  readonly nearest: readonly NearToken[]
  /** Mean Euclidean distance over the whole table. */
  readonly meanDistance: number
}

/** Rows of a table, one after the other. */
export interface Rows {
  readonly data: Float32Array
  readonly width: number
}

/** Table rows and vectors of one product: their scores take 8 MiB. */
const TABLE_ROWS = 4096
const VECTORS = 512
/** Candidates kept beyond those asked for: the products are rounded, the distances of the candidates are not. */
const SPARE = 8

/**
 * The rows of a table nearest to each vector.
 *
 * |v - e|^2 = |v|^2 + |e|^2 - 2 v.e, with all v.e of a piece of the table in one matrix product. That cancels where
 * the two are close, so the few best are measured again in double precision.
 *
 * @param vectors of the table's width
 * @param top how many to give for each vector
 */
export async function nearestTokens(
  runtime: Runtime,
  table: Rows,
  vectors: Rows,
  top: number,
): Promise<Neighbours[]> {
  const { width } = table
  const count = table.data.length / width
  const found = Array.from({ length: vectors.data.length / width }, () => ({
    candidates: new Candidates(top + SPARE),
    sum: 0,
  }))
  const tableRows = Math.min(TABLE_ROWS, count)
  const vectorRows = Math.min(VECTORS, found.length)
  if (vectorRows === 0) return []
  const product = gemm(input('vectors', [vectorRows, width]), input('table', [tableRows, width]), {
    transB: true,
  })
  const session = await runtime.compile(await encodeGraph({ product }))
  const lengths = squaredLengths(vectors)
  for (let first = 0; first < count; first += tableRows) {
    const rows = piece(table, first, tableRows)
    const rowLengths = squaredLengths({ data: rows, width })
    for (let start = 0; start < found.length; start += vectorRows) {
      const outputs = await session.run({
        vectors: { shape: [vectorRows, width], data: piece(vectors, start, vectorRows) },
        table: { shape: [tableRows, width], data: rows },
      })
      const scores = outputs.product!.data
      for (let v = start; v < Math.min(start + vectorRows, found.length); v++) {
        const { candidates } = found[v]!
        for (let row = 0; row < Math.min(tableRows, count - first); row++) {
          const squared = lengths[v]! + rowLengths[row]! - 2 * scores[(v - start) * tableRows + row]!
          found[v]!.sum += Math.sqrt(Math.max(0, squared))
          candidates.offer(first + row, squared)
        }
      }
    }
  }
  await session.release()
  return found.map(({ candidates, sum }, v) => {
    const vector = vectors.data.subarray(v * width, (v + 1) * width)
    const near = candidates.ids.map((id) => ({
      id,
      ...measure(vector, table.data.subarray(id * width, (id + 1) * width)),
    }))
    near.sort((a, b) => a.distance - b.distance || a.id - b.id)
    return { nearest: near.slice(0, top), meanDistance: sum / count }
  })
}

/** The best few of what was offered, best first. */
class Candidates {
  readonly ids: number[] = []
  private readonly values: number[] = []

  constructor(private readonly capacity: number) {}

  offer(id: number, value: number): void {
    const { ids, values, capacity } = this
    if (ids.length === capacity && value >= values[capacity - 1]!) return
    let place = Math.min(ids.length, capacity - 1)
    for (; place > 0 && values[place - 1]! > value; place--) {
      ids[place] = ids[place - 1]!
      values[place] = values[place - 1]!
    }
    ids[place] = id
    values[place] = value
  }
}

/** `rows` rows from `first` on, zeros behind the last one. */
function piece({ data, width }: Rows, first: number, rows: number): Float32Array {
  const part = data.subarray(first * width, (first + rows) * width)
  if (part.length === rows * width) return part
  const padded = new Float32Array(rows * width)
  padded.set(part)
  return padded
}

function squaredLengths({ data, width }: Rows): Float64Array {
  const lengths = new Float64Array(data.length / width)
  for (let row = 0, i = 0; row < lengths.length; row++) {
    let sum = 0
    for (const end = i + width; i < end; i++) sum += data[i]! * data[i]!
    lengths[row] = sum
  }
  return lengths
}

/** Euclidean distance and cosine of two vectors; the cosine with a zero vector is 0. */
export function measure(a: Float32Array, b: Float32Array): { distance: number; cosine: number } {
  let squared = 0
  let product = 0
  let lengthA = 0
  let lengthB = 0
  for (let i = 0; i < a.length; i++) {
    squared += (a[i]! - b[i]!) ** 2
    product += a[i]! * b[i]!
    lengthA += a[i]! ** 2
    lengthB += b[i]! ** 2
  }
  const lengths = Math.sqrt(lengthA * lengthB)
  return { distance: Math.sqrt(squared), cosine: lengths === 0 ? 0 : product / lengths }
}
