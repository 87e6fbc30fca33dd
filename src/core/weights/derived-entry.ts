import type { WeightEntry } from './state-dict.js'
import { checkRows, elementsOfRow, pickRows } from './tensor-entry.js'

/** The same tensor under another name. */
export function renamed(name: string, entry: WeightEntry): WeightEntry {
  const { dtype, shape } = entry
  return {
    name,
    dtype,
    shape,
    read: () => entry.read(),
    readRows: (rows) => entry.readRows(rows),
    readInto: (into, row) => entry.readInto(into, row),
  }
}

/** Without the leading axes of size 1, of which there are `count`. */
export function squeezed(name: string, entry: WeightEntry, count: number): WeightEntry {
  return derived(name, entry, entry.shape.slice(count), () => entry.read())
}

/** [rows, columns] as [columns, rows]. */
export function transposed(name: string, entry: WeightEntry): WeightEntry {
  const [height, width] = entry.shape as [number, number]
  const shape = [width, height]
  const read = async () => {
    const values = await entry.read()
    const result = new Float32Array(values.length)
    for (let row = 0, from = 0; row < height; row++) {
      for (let column = 0; column < width; column++) result[column * height + row] = values[from++]!
    }
    return result
  }
  return derived(name, entry, shape, read)
}

/** Tensors of one shape below one another along the first axis. */
export function stacked(name: string, parts: readonly [WeightEntry, ...WeightEntry[]]): WeightEntry {
  const [first] = parts
  const rows = first.shape[0]!
  const shape = [parts.length * rows, ...first.shape.slice(1)]
  const read = async () => {
    const values = await Promise.all(parts.map((part) => part.read()))
    const result = new Float32Array(values.length * values[0]!.length)
    for (const [i, part] of values.entries()) result.set(part, i * part.length)
    return result
  }
  return {
    ...derived(name, first, shape, read),
    async readInto(into, row) {
      const width = elementsOfRow(shape)
      for (let done = 0; done < into.length; ) {
        const at = row + done / width
        const within = at % rows
        const piece = into.subarray(done, done + (rows - within) * width)
        await parts[Math.floor(at / rows)]!.readInto(piece, within)
        done += piece.length
      }
    },
  }
}

function derived(
  name: string,
  { dtype }: WeightEntry,
  shape: readonly number[],
  read: () => Promise<Float32Array>,
): WeightEntry {
  const readRows = async (rows: readonly number[]) => {
    const height = checkRows({ name, shape }, rows)
    return pickRows(await read(), height, rows)
  }
  const readInto = async (into: Float32Array, row: number) => {
    const start = row * elementsOfRow(shape)
    into.set((await read()).subarray(start, start + into.length))
  }
  return { name, dtype, shape, read, readRows, readInto }
}
