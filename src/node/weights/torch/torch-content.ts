import { WeightsError } from '../../../core/errors.js'
import type { TensorStorage } from '../../../core/weights/tensor-storage.js'
import { PickleInstance, type PickleValue, type TorchStorage, TorchTensor } from '../pickle/pickle-values.js'

/** Plain data out of a pickle. */
export type PlainValue = null | boolean | number | string | PlainValue[] | { [key: string]: PlainValue }

/** What a PyTorch file holds besides bytes. */
export interface TorchContent {
  /** By name, in file order. */
  readonly tensors: ReadonlyMap<string, TorchTensor>
  /** The plain part of everything else at the top level: epoch, settings, … */
  readonly extra: { readonly [key: string]: PlainValue }
}

/** OpenAI's largest model has some 1,500 modules of 20 attributes, and 60,000 letters in the names of its tensors. */
const limits = { attributes: 300_000, letters: 4_000_000, depth: 200, values: 1_000_000 }

/** Keys under which training code nests the state dict inside of a checkpoint. */
const stateDictKeys = ['state_dict', 'model_state_dict', 'model']

/**
 * The named tensors of a state dict, of a checkpoint around one, or of a TorchScript module (by attribute path).
 *
 * @throws WeightsError when there are none
 */
export function torchContent(root: PickleValue, name: string): TorchContent {
  if (root instanceof PickleInstance) return { tensors: moduleTensors(root, name), extra: {} }
  if (!(root instanceof Map)) throw noTensors(name)
  const nestKey = stateDictKeys.find((key) => root.get(key) instanceof Map)
  const stateDict = (nestKey === undefined ? root : root.get(nestKey)) as Map<PickleValue, PickleValue>
  const tensors = new Map<string, TorchTensor>()
  for (const [key, value] of stateDict) {
    if (typeof key === 'string' && value instanceof TorchTensor) tensors.set(key, value)
  }
  if (tensors.size === 0) throw noTensors(name)
  const rest = new Map([...root].filter(([key, value]) => key !== nestKey && !(value instanceof TorchTensor)))
  return { tensors, extra: plainRecord(rest, name) }
}

function moduleTensors(root: PickleInstance, name: string): Map<string, TorchTensor> {
  const tensors = new Map<string, TorchTensor>()
  let attributes = 0
  let letters = 0
  // A module that several others share is met as often as there are paths to it.
  const visit = (module: PickleInstance, prefix: string, depth: number) => {
    if (depth > limits.depth) throw new WeightsError(`${name}: has modules deeper than ${limits.depth}`)
    if (!(module.state instanceof Map)) return
    for (const [key, value] of module.state) {
      if (++attributes > limits.attributes) {
        throw new WeightsError(`${name}: has more than ${limits.attributes} attributes in its modules`)
      }
      if (typeof key !== 'string') continue
      letters +=
        value instanceof TorchTensor || value instanceof PickleInstance ? prefix.length + key.length : 0
      if (letters > limits.letters) {
        throw new WeightsError(`${name}: has names of more than ${limits.letters} letters in all`)
      }
      if (value instanceof TorchTensor) tensors.set(prefix + key, value)
      else if (value instanceof PickleInstance) visit(value, `${prefix}${key}.`, depth + 1)
    }
  }
  visit(root, '', 0)
  if (tensors.size === 0) throw noTensors(name)
  return tensors
}

/**
 * Dictionaries become records without a prototype. What is not plain (tensors, class instances, bytes, keys that are
 * no strings or numbers, what contains itself) is left out.
 */
function plainRecord(root: Map<PickleValue, PickleValue>, name: string): Record<string, PlainValue> {
  const open = new Set<PickleValue>()
  let count = 0
  const counted = () => {
    if (++count > limits.values) {
      throw new WeightsError(`${name}: holds more than ${limits.values} plain values`)
    }
  }
  const plain = (value: PickleValue): PlainValue | undefined => {
    counted()
    if (value === null || ['boolean', 'number', 'string'].includes(typeof value)) return value as PlainValue
    if (typeof value === 'bigint') return String(value)
    if (open.has(value) || open.size > limits.depth) return undefined
    open.add(value)
    const result = Array.isArray(value) ? list(value) : value instanceof Map ? record(value) : undefined
    open.delete(value)
    return result
  }
  const list = (items: PickleValue[]) => items.map(plain).filter((item) => item !== undefined)
  const record = (items: Map<PickleValue, PickleValue>) => {
    const fields: Record<string, PlainValue> = Object.create(null)
    for (const [key, value] of items) {
      counted()
      const field = typeof key === 'string' || typeof key === 'number' ? plain(value) : undefined
      if (field !== undefined) fields[String(key)] = field
    }
    return fields
  }
  return record(root)
}

function noTensors(name: string): WeightsError {
  return new WeightsError(
    `${name}: holds no named tensors, expected a state dict, a checkpoint or a TorchScript module`,
  )
}

/** A file that `torch.save` or `torch.jit.save` wrote: one pickled value and the storages of its tensors. */
export interface TorchArchive {
  readonly root: PickleValue
  /** The bytes of a storage. Throws WeightsError when the file has none or they are of another size. */
  storage(storage: TorchStorage): TensorStorage
}
