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
}
