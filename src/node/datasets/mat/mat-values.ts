/** A MATLAB array. Elements are in column-major order, as MATLAB keeps them. */
export type MatValue = MatNumbers | MatText | MatCells | MatStructs | MatOther

interface MatArray {
  readonly dimensions: readonly number[]
}

export interface MatNumbers extends MatArray {
  readonly kind: 'numbers'
  /** 64-bit integers come rounded to the nearest double. */
  readonly values: ArrayLike<number>
}

export interface MatText extends MatArray {
  readonly kind: 'text'
  /** The characters of a row; those of several rows are mixed as the order of elements mixes them. */
  readonly text: string
}

export interface MatCells extends MatArray {
  readonly kind: 'cells'
  readonly cells: readonly MatValue[]
}

export interface MatStructs extends MatArray {
  readonly kind: 'structs'
  /** A record by field name for each element. */
  readonly records: readonly ReadonlyMap<string, MatValue>[]
}

/** An array of a class that is not read: objects, functions, sparse and complex numbers. */
export interface MatOther extends MatArray {
  readonly kind: 'other'
  readonly what: string
}
