/** Element types that weight files hold; everything is read as float32 (integers included). */
export type WeightDType =
  | 'float16'
  | 'bfloat16'
  | 'float32'
  | 'float64'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint8'
  | 'bool'

/** One tensor of a weight file, read on demand so that a large model is never held twice. */
export interface WeightEntry {
  readonly name: string
  /** Type in the file. */
  readonly dtype: WeightDType
  readonly shape: readonly number[]
  /** All values, row-major, converted to float32. Throws WeightsError when the file is damaged. */
  read(): Promise<Float32Array>
  /** Rows (slices along the first axis) in the given order, converted to float32. */
  readRows(rows: readonly number[]): Promise<Float32Array>
  /** Fills an array with whole rows from one on, converted to float32, without an array in between where it can. */
  readInto(into: Float32Array, row: number): Promise<void>
}

/** The tensors of a weight file by name, in file order. */
export interface StateDict {
  readonly entries: ReadonlyMap<string, WeightEntry>
  /** The file or folder the tensors come from, for messages. */
  readonly source: string
  close(): Promise<void>
}
