import { elementCount } from '../../../core/weights/dtype.js'
import type { WeightDType } from '../../../core/weights/state-dict.js'
import { lastElement } from '../../../core/weights/tensor-entry.js'
import {
  type GlobalKind,
  PickleGlobal,
  PickleInstance,
  type PickleValue,
  TorchStorage,
  TorchTensor,
} from './pickle-values.js'

/** Names that a pickle may refer to. None of them runs anything: what they stand for is made here, as data. */
const allowed: ReadonlyMap<string, GlobalKind> = new Map<string, GlobalKind>([
  ...functions('collections', ['OrderedDict', 'defaultdict', 'Counter']),
  ...functions('__builtin__', ['dict', 'list', 'set', 'tuple']),
  ...functions('builtins', ['dict', 'list', 'set', 'tuple']),
  ...functions('torch', ['Size']),
  ...functions('torch._utils', ['_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_parameter']),
  ...functions('torch.jit._pickle', [
    'build_intlist',
    'build_doublelist',
    'build_boollist',
    'build_tensorlist',
    'restore_type_tag',
  ]),
  ...classes('torch', ['device', 'float16', 'bfloat16', 'float32', 'float64', 'int64']),
  ...classes('torch.optim.sgd', ['SGD']),
  ...classes('torch.optim.adam', ['Adam']),
  ...classes('torch.optim.adamw', ['AdamW']),
  ...classes('torch.optim.rmsprop', ['RMSprop']),
  ...classes('torch.optim.lr_scheduler', [
    'CosineAnnealingLR',
    'StepLR',
    'MultiStepLR',
    'ExponentialLR',
    'LinearLR',
    'ConstantLR',
    'SequentialLR',
  ]),
  // The configuration that training code keeps in its checkpoints.
  ['yacs.config CfgNode', { type: 'dictionary' }],
  ...storages({
    HalfStorage: 'float16',
    BFloat16Storage: 'bfloat16',
    FloatStorage: 'float32',
    DoubleStorage: 'float64',
    LongStorage: 'int64',
    IntStorage: 'int32',
    ShortStorage: 'int16',
    CharStorage: 'int8',
    ByteStorage: 'uint8',
    BoolStorage: 'bool',
  }),
])

/**
 * The global of that name, or undefined when it is not allowed.
 *
 * @param scriptModules whether classes compiled by TorchScript (`__torch__.…`) are allowed: in TorchScript archives
 */
export function findGlobal(module: string, name: string, scriptModules: boolean): PickleGlobal | undefined {
  const full = `${module} ${name}`
  if (scriptModules && module.startsWith('__torch__.')) return new PickleGlobal(full, { type: 'class' })
  const kind = allowed.get(full)
  return kind && new PickleGlobal(full, kind)
}

/**
 * What a call of an allowed global gives.
 *
 * @throws PickleProblem when the arguments are not those the global takes
 */
export function callGlobal(callee: PickleGlobal, args: PickleValue[]): PickleValue {
  if (callee.kind.type === 'class') return new PickleInstance(callee.name, args)
  switch (callee.name.slice(callee.name.indexOf(' ') + 1)) {
    case 'OrderedDict':
    case 'dict':
    case 'Counter':
      return dictOf(args[0])
    case 'defaultdict':
      return dictOf(args[1])
    case 'set':
    case 'list':
    case 'tuple':
    case 'Size':
      return Array.isArray(args[0]) ? args[0] : []
    case '_rebuild_tensor':
    case '_rebuild_tensor_v2':
      return rebuildTensor(args)
    case '_rebuild_parameter':
    case 'build_intlist':
    case 'build_doublelist':
    case 'build_boollist':
    case 'build_tensorlist':
    case 'restore_type_tag':
      return args[0] ?? null
  }
  throw new PickleProblem(`calls ${callee.name}, which cannot be called`)
}

/**
 * The storage that a persistent id refers to: ('storage', type, key, location, length[, view]). The location (`cpu`,
 * `cuda:0`) says where the tensor lived and is of no interest.
 *
 * @throws PickleProblem when the id is of another form
 */
export function storageOf(id: PickleValue): TorchStorage {
  if (!Array.isArray(id) || id[0] !== 'storage')
    throw new PickleProblem('refers to something that is no storage')
  const [, type, key, , length, view = null] = id
  if (!(type instanceof PickleGlobal) || type.kind.type !== 'storage') {
    throw new PickleProblem('refers to a storage without an element type')
  }
  if (typeof key !== 'string') throw new PickleProblem('refers to a storage without a key')
  const [offset, elements] = view === null ? [0, length] : Array.isArray(view) ? view.slice(1) : []
  if (!isSize(length) || !isSize(offset) || !isSize(elements) || offset + elements > length) {
    throw new PickleProblem(`refers to the storage "${key}" with an impossible length`)
  }
  return new TorchStorage(key, type.kind.dtype, elements, offset, length)
}

/** A pickle that asks for what is not given. The message completes "the pickle …". */
export class PickleProblem extends Error {}

function rebuildTensor([storage, offset, shape, strides]: PickleValue[]): TorchTensor {
  if (!(storage instanceof TorchStorage)) throw new PickleProblem('builds a tensor without a storage')
  const fail = (what: string) =>
    new PickleProblem(
      `builds a tensor with ${what} over the storage "${storage.key}" of ${storage.length} elements`,
    )
  if (!isSizes(shape) || !isSizes(strides) || shape.length !== strides.length || !isSize(offset)) {
    throw fail('an impossible shape')
  }
  const count = elementCount(shape)
  if (count === undefined || count > storage.length) throw fail(`shape [${shape.join(', ')}]`)
  const last = offset + lastElement(shape, strides)
  if (!Number.isSafeInteger(last) || last >= storage.length) {
    throw fail(`shape [${shape.join(', ')}], strides [${strides.join(', ')}] and offset ${offset}`)
  }
  return new TorchTensor(storage, offset, [...shape], [...strides])
}

/** The dictionary itself, not a copy: copies of copies would let a short pickle fill the memory. */
function dictOf(items: PickleValue | undefined): Map<PickleValue, PickleValue> {
  if (items instanceof Map) return items
  if (items === undefined || (Array.isArray(items) && items.length === 0)) return new Map()
  throw new PickleProblem('makes a dictionary of what is none')
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** PyTorch tensors have at most 64 dimensions in practice; the limit keeps shapes small. */
function isSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every(isSize)
}

function functions(module: string, names: string[]): [string, GlobalKind][] {
  return names.map((name) => [`${module} ${name}`, { type: 'function' }])
}

function classes(module: string, names: string[]): [string, GlobalKind][] {
  return names.map((name) => [`${module} ${name}`, { type: 'class' }])
}

function storages(dtypes: Record<string, WeightDType>): [string, GlobalKind][] {
  return ['torch', 'torch.cuda'].flatMap((module) =>
    Object.entries(dtypes).map(([name, dtype]): [string, GlobalKind] => [
      `${module} ${name}`,
      { type: 'storage', dtype },
    ]),
  )
}
