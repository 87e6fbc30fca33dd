import { convert, elementCount, itemSize } from './dtype.js'
import type { WeightDType, WeightEntry } from './state-dict.js'
import type { TensorStorage } from './tensor-storage.js'

/** Where a tensor's elements lie. */
export interface TensorLayout {
  readonly name: string
  readonly dtype: WeightDType
  readonly shape: readonly number[]
  /** In elements, one per dimension. Default: row-major without gaps. */
  readonly strides?: readonly number[]
  /** Of the first element, in elements from the start of the storage. Default: 0. */
  readonly offset?: number
}

/** Strides of a row-major tensor without gaps, in elements. */
export function contiguousStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]!
  }
  return strides
}

/** Index of the last element that a tensor touches, in elements from its first one; -1 for an empty tensor. */
export function lastElement(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return -1
  return shape.reduce((last, size, axis) => last + (size - 1) * strides[axis]!, 0)
}

/** A tensor that is read from its storage on demand. The caller has checked that all elements lie inside. */
export function tensorEntry(layout: TensorLayout, storage: TensorStorage): WeightEntry {
  const { name, dtype, shape, offset = 0 } = layout
  const strides = layout.strides ?? contiguousStrides(shape)

  const readView = async (viewShape: readonly number[], viewStrides: readonly number[], start: number) => {
    const values = new Float32Array(lastElement(viewShape, viewStrides) + 1)
    await readFloat32(storage, start * itemSize[dtype], dtype, values)
    return isContiguous(viewShape, viewStrides) ? values : gather(values, viewShape, viewStrides)
  }
  const read = () => readView(shape, strides, offset)
  const readRow = (row: number) =>
    readView(shape.slice(1), strides.slice(1), offset + row * (strides[0] as number))
  const inOrder = isContiguous(shape, strides)
  return {
    name,
    dtype,
    shape,
    read,
    readRows: (rows) => readRows({ name, shape, read, readRow }, rows),
    async readInto(into, row) {
      const start = row * elementsOfRow(shape)
      if (inOrder) return readFloat32(storage, (offset + start) * itemSize[dtype], dtype, into)
      into.set((await read()).subarray(start, start + into.length))
    },
  }
}

/** Elements of a slice along the first axis. */
export const elementsOfRow = (shape: readonly number[]): number => elementCount(shape.slice(1)) ?? 0

async function readFloat32(
  storage: TensorStorage,
  position: number,
  dtype: WeightDType,
  target: Float32Array,
): Promise<void> {
  if (dtype === 'float32') {
    return storage.readInto(new Uint8Array(target.buffer, target.byteOffset, target.byteLength), position)
  }
  let done = 0
  await storage.scan(position, target.length * itemSize[dtype], (piece) => {
    const length = piece.length / itemSize[dtype]
    convert(piece, dtype, target.subarray(done, done + length))
    done += length
  })
}

interface RowReader {
  readonly name: string
  readonly shape: readonly number[]
  read(): Promise<Float32Array>
  readRow(row: number): Promise<Float32Array>
}

/** Few rows are read one by one; of many, one large read and a copy is faster. */
async function readRows(tensor: RowReader, rows: readonly number[]): Promise<Float32Array> {
  const height = checkRows(tensor, rows)
  if (rows.length > height / 8) return pickRows(await tensor.read(), height, rows)
  const width = (elementCount(tensor.shape) ?? 0) / height
  const picked = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) picked.set(await tensor.readRow(row), i * width)
  return picked
}

/** Number of rows of the tensor. Throws RangeError unless all of `rows` are among them. */
export function checkRows(
  tensor: { readonly name: string; readonly shape: readonly number[] },
  rows: readonly number[],
): number {
  const height = tensor.shape[0]
  if (height === undefined) throw new RangeError(`tensor ${tensor.name} is a scalar and has no rows`)
  const wrong = rows.find((row) => !(Number.isInteger(row) && row >= 0 && row < height))
  if (wrong !== undefined) throw new RangeError(`tensor ${tensor.name} has ${height} rows, no row ${wrong}`)
  return height
}

/** Rows of a row-major tensor with `height` rows, in the given order. */
export function pickRows(values: Float32Array, height: number, rows: readonly number[]): Float32Array {
  const width = height === 0 ? 0 : values.length / height
  const picked = new Float32Array(rows.length * width)
  for (const [i, row] of rows.entries()) {
    picked.set(values.subarray(row * width, (row + 1) * width), i * width)
  }
  return picked
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = contiguousStrides(shape)
  return shape.includes(0) || shape.every((size, axis) => size === 1 || strides[axis] === expected[axis])
}

/** Copies a strided view into row-major order, one run along the last axis at a time. */
function gather(values: Float32Array, shape: readonly number[], strides: readonly number[]): Float32Array {
  const gathered = new Float32Array(elementCount(shape) ?? 0)
  const outer = shape.length - 1
  const run = shape[outer]!
  const step = strides[outer]!
  const index = new Array<number>(outer).fill(0)
  for (let to = 0, from = 0; to < gathered.length; to += run) {
    for (let i = 0; i < run; i++) gathered[to + i] = values[from + i * step]!
    for (let axis = outer - 1; axis >= 0; axis--) {
      from += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      from -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return gathered
}
