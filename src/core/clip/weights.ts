import { type Derived, sizeOf } from '../graph/index.js'

/**
 * Where frozen values come from: tensors in the canonical naming of OpenAI's state dict.
 * Free of Node, so that the towers run in a browser as well.
 */
export interface ClipTensors {
  /** Shape of a tensor. Throws WeightsError when the model has no tensor of that name. */
  shape(name: string): readonly number[]
  /** All values as float32, row-major. */
  read(name: string): Promise<Float32Array>
  /** Rows along the first axis, in the order asked for. */
  readRows(name: string, rows: readonly number[]): Promise<Float32Array>
  /** Fills an array with whole rows along the first axis, from one on. Default: by way of {@link read}. */
  readInto?(name: string, into: Float32Array, row: number): Promise<void>
}

/** Fills an array with whole rows of a tensor, from one on, and gives it back. */
export async function readInto(
  tensors: ClipTensors,
  name: string,
  into: Float32Array,
  row = 0,
): Promise<Float32Array> {
  if (tensors.readInto) {
    await tensors.readInto(name, into, row)
    return into
  }
  const width = sizeOf(tensors.shape(name).slice(1))
  into.set((await tensors.read(name)).subarray(row * width, row * width + into.length))
  return into
}

/** Values that follow from one or a few tensors, the first of them named, by what `how` says. */
export const derivedFrom = (from: ClipTensors, name: string, how: unknown): Derived => ({
  from,
  part: name.startsWith('visual.') ? 'image' : 'text',
  how: JSON.stringify(how),
})
