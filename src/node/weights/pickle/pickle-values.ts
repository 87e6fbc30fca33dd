import type { WeightDType } from '../../../core/weights/state-dict.js'

/**
 * What a pickle can build: plain data and inert records. Lists, tuples and sets are arrays, dictionaries are Maps (so that no
 * key can reach an object's prototype), instances of classes are records that hold what they were given.
 */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | Map<PickleValue, PickleValue>
  | PickleGlobal
  | PickleInstance
  | TorchStorage
  | TorchTensor

/** A name that a pickle refers to, from the allow-list. */
export class PickleGlobal {
  constructor(
    /** Module and name: `collections OrderedDict`. */
    readonly name: string,
    readonly kind: GlobalKind,
  ) {}
}

export type GlobalKind =
  /** Makes a value when called; see `callGlobal`. */
  | { readonly type: 'function' }
  /** Makes an inert record. */
  | { readonly type: 'class' }
  /** Makes a dictionary, which is a class of its own there. */
  | { readonly type: 'dictionary' }
  /** The element type of a storage. */
  | { readonly type: 'storage'; readonly dtype: WeightDType }

/** An instance of a class: nothing but the record of what the pickle gave it. */
export class PickleInstance {
  state: PickleValue = null
  constructor(
    readonly className: string,
    readonly args: PickleValue,
  ) {}
}

/** Bytes beside the pickle that tensors look into. */
export class TorchStorage {
  constructor(
    readonly key: string,
    readonly dtype: WeightDType,
    /** In elements. */
    readonly length: number,
    /** Position inside the stored elements: not 0 only for a view of a larger storage, which old versions wrote. */
    readonly offset: number,
    /** Elements in the file. */
    readonly stored: number,
  ) {}
}

/** A view into a storage, checked to lie inside of it. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    /** In elements, from the storage's start. */
    readonly offset: number,
    readonly shape: readonly number[],
    /** In elements. */
    readonly strides: readonly number[],
  ) {}
}
