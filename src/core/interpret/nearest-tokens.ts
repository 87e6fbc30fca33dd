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
  try {
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
          const length = lengths[v]!
          const from = (v - start) * tableRows
          const end = Math.min(tableRows, count - first)
          let sum = 0
          for (let row = 0; row < end; row++) {
            const squared = length + rowLengths[row]! - 2 * scores[from + row]!
            if (squared > 0) sum += Math.sqrt(squared)
            if (squared < candidates.limit) candidates.add(first + row, squared)
          }
          found[v]!.sum += sum
        }
      }
    }
  } finally {
    await session.release()
  }
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

/** The smallest few values of those added, smallest first. */
class Candidates {
  readonly ids: number[] = []
  private readonly values: number[] = []
  /** Values from here on are not among them. */
  limit = Number.POSITIVE_INFINITY

  constructor(private readonly capacity: number) {}

  /** Adds a value below `limit`. */
  add(id: number, value: number): void {
    const { ids, values, capacity } = this
    let place = Math.min(ids.length, capacity - 1)
    for (; place > 0 && values[place - 1]! > value; place--) {
      ids[place] = ids[place - 1]!
      values[place] = values[place - 1]!
    }
    ids[place] = id
    values[place] = value
    if (ids.length === capacity) this.limit = values[capacity - 1]!
  }
}

/** `rows` rows from `first` on, zeros behind the last one. A copy: a view would take all of the table to a worker. */
function piece({ data, width }: Rows, first: number, rows: number): Float32Array {
  const copied = new Float32Array(rows * width)
  copied.set(data.subarray(first * width, (first + rows) * width))
  return copied
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
