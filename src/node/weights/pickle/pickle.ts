import { WeightsError } from '../../../core/errors.js'
import { callGlobal, findGlobal, PickleProblem } from './pickle-globals.js'
import { PickleReader, PickleTruncated } from './pickle-reader.js'
import { PickleGlobal, PickleInstance, type PickleValue } from './pickle-values.js'

/** Far above what real checkpoints need (about 30 instructions a tensor), far below what would hurt. */
export const pickleLimits = { instructions: 5_000_000, containers: 500_000, memo: 1_000_000, depth: 10_000 }

export interface UnpickleOptions {
  /** What the pickle is called in messages. */
  readonly name: string
  /** First byte of the pickle. Default: 0. */
  readonly start?: number
  /** What a persistent id refers to. Throws PickleProblem. Default: ids are refused. */
  readonly persistent?: (id: PickleValue) => PickleValue
  /** Allows classes compiled by TorchScript. Default: false. */
  readonly scriptModules?: boolean
  /** The names allowed, where they are others than those of PyTorch's files. */
  readonly findGlobal?: (module: string, name: string) => PickleGlobal | undefined
  /** Lists, dictionaries and records that the pickle may make. Default: that of {@link pickleLimits}. */
  readonly containers?: number
}

export interface Unpickled {
  readonly value: PickleValue
  /** Position behind the last instruction. */
  readonly end: number
  /** Lists, dictionaries and records that were made. */
  readonly containers: number
}

/**
 * Interprets a pickle (protocols 2 to 5) without executing anything: instructions move data between a stack and a memo,
 * globals are names on a fixed list, calls of them build plain records.
 *
 * @throws PickleTruncatedError when the bytes end first
 * @throws WeightsError for a global that is not on the list (the message names it), an instruction that PyTorch does not
 * write, or more instructions, containers, memo or depth than `pickleLimits`
 */
export function unpickle(bytes: Uint8Array, options: UnpickleOptions): Unpickled {
  const machine = new PickleMachine(new PickleReader(bytes, options.start ?? 0), options)
  try {
    return { value: machine.run(), end: machine.reader.position, containers: machine.containers }
  } catch (error) {
    if (error instanceof PickleTruncated) throw new PickleTruncatedError(`${options.name}: ${error.message}`)
    if (error instanceof PickleProblem) {
      throw new WeightsError(`${options.name}: the pickle ${error.message}`, { hint: untrusted })
    }
    throw error
  }
}

/** The bytes end in the middle of a pickle. */
export class PickleTruncatedError extends WeightsError {}

const untrusted =
  'Only tensors and plain data are read from pickles. If you trust the file, save its tensors as safetensors.'

class PickleMachine {
  private stack: PickleValue[] = []
  private readonly marks: PickleValue[][] = []
  private readonly memo = new Map<number, PickleValue>()
  containers = 0

  constructor(
    readonly reader: PickleReader,
    private readonly options: UnpickleOptions,
  ) {}

  run(): PickleValue {
    for (let count = 0; count < pickleLimits.instructions; count++) {
      const code = this.reader.uint8()
      if (code === 0x2e) return this.pop() // STOP
      const instruction = instructions[code]
      if (!instruction)
        throw new PickleProblem(`has the instruction 0x${code.toString(16)}, which is not supported`)
      instruction(this, this.reader)
    }
    throw new PickleProblem(`has more than ${pickleLimits.instructions} instructions`)
  }

  push(value: PickleValue): void {
    this.stack.push(value)
  }

  /** Pushes what takes memory of its own: an instruction of one byte may make a dictionary. */
  create(value: PickleValue): void {
    const { containers = pickleLimits.containers } = this.options
    if (++this.containers > containers) {
      throw new PickleProblem(`makes more than ${pickleLimits.containers} lists, dictionaries and records`)
    }
    this.push(value)
  }

  pop(): PickleValue {
    const value = this.stack.pop()
    if (value === undefined) throw new PickleProblem('takes from an empty stack')
    return value
  }

  top(): PickleValue {
    const value = this.stack.at(-1)
    if (value === undefined) throw new PickleProblem('takes from an empty stack')
    return value
  }

  mark(): void {
    if (this.marks.length >= pickleLimits.depth) {
      throw new PickleProblem(`is nested deeper than ${pickleLimits.depth}`)
    }
    this.marks.push(this.stack)
    this.stack = []
  }

  /** Everything above the last mark. */
  popMark(): PickleValue[] {
    const items = this.stack
    const below = this.marks.pop()
    if (!below) throw new PickleProblem('closes what it did not open')
    this.stack = below
    return items
  }

  popMany(count: number): PickleValue[] {
    if (this.stack.length < count) throw new PickleProblem('takes from an empty stack')
    return this.stack.splice(this.stack.length - count)
  }

  put(index: number): void {
    this.memo.set(index, this.top())
    if (this.memo.size > pickleLimits.memo) {
      throw new PickleProblem(`remembers more than ${pickleLimits.memo} values`)
    }
  }

  memoize(): void {
    this.put(this.memo.size)
  }

  get(index: number): void {
    const value = this.memo.get(index)
    if (value === undefined) throw new PickleProblem(`recalls the value ${index}, which it did not remember`)
    this.push(value)
  }

  global(module: PickleValue, name: PickleValue): void {
    const { scriptModules = false, findGlobal: find = (m, n) => findGlobal(m, n, scriptModules) } =
      this.options
    const found = typeof module === 'string' && typeof name === 'string' ? find(module, name) : undefined
    if (!found) {
      const wanted = [module, name].map((part) => (typeof part === 'string' ? part : '?')).join('.')
      throw new PickleProblem(`refers to ${JSON.stringify(wanted)}, which is not among the names allowed`)
    }
    this.push(found)
  }

  persistentId(): void {
    const { persistent } = this.options
    if (!persistent) throw new PickleProblem('refers to data outside of it')
    this.create(persistent(this.pop()))
  }

  call(): void {
    const args = this.pop()
    const callee = this.pop()
    if (!(callee instanceof PickleGlobal) || !Array.isArray(args))
      throw new PickleProblem('calls what is no function')
    this.create(callGlobal(callee, args))
  }

  newInstance(args: PickleValue, type: PickleValue): void {
    const kind = type instanceof PickleGlobal ? type.kind.type : undefined
    if (kind !== 'class' && kind !== 'dictionary') {
      throw new PickleProblem('makes an instance of what is no class')
    }
    this.create(kind === 'dictionary' ? new Map() : new PickleInstance((type as PickleGlobal).name, args))
  }

  /** State of dictionaries (PyTorch's `_metadata`) and tensors says nothing that is needed. */
  build(): void {
    const state = this.pop()
    const target = this.top()
    if (target instanceof PickleInstance) target.state = state
  }

  append(items: PickleValue[]): void {
    const list = this.top()
    if (!Array.isArray(list)) throw new PickleProblem('adds to what is no list')
    for (const item of items) list.push(item)
  }

  setItems(items: PickleValue[]): void {
    const dict = this.top()
    if (!(dict instanceof Map) || items.length % 2 !== 0)
      throw new PickleProblem('sets items of what is no dictionary')
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!)
  }
}

type Instruction = (machine: PickleMachine, reader: PickleReader) => void

/** By code, as CPython's pickletools names them. */
const instructions: Readonly<Record<number, Instruction>> = {
  128: (_, r) => {
    const protocol = r.uint8() // PROTO
    if (protocol > 5) throw new PickleProblem(`is of protocol ${protocol}, expected at most 5`)
  },
  149: (_, r) => void r.uint64(), // FRAME
  40: (m) => m.mark(), // MARK
  48: (m) => void m.pop(), // POP
  49: (m) => void m.popMark(), // POP_MARK
  50: (m) => m.push(m.top()), // DUP

  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  74: (m, r) => m.push(r.int32()), // BININT
  75: (m, r) => m.push(r.uint8()), // BININT1
  77: (m, r) => m.push(r.uint16()), // BININT2
  138: (m, r) => m.push(r.integer(r.uint8())), // LONG1
  139: (m, r) => m.push(r.integer(r.uint32())), // LONG4
  71: (m, r) => m.push(r.float64()), // BINFLOAT

  85: (m, r) => m.push(r.latin1(r.uint8())), // SHORT_BINSTRING
  84: (m, r) => m.push(r.latin1(r.uint32())), // BINSTRING
  140: (m, r) => m.push(r.text(r.uint8())), // SHORT_BINUNICODE
  88: (m, r) => m.push(r.text(r.uint32())), // BINUNICODE
  141: (m, r) => m.push(r.text(r.uint64())), // BINUNICODE8
  67: (m, r) => m.create(r.bytesOf(r.uint8())), // SHORT_BINBYTES
  66: (m, r) => m.create(r.bytesOf(r.uint32())), // BINBYTES
  142: (m, r) => m.create(r.bytesOf(r.uint64())), // BINBYTES8

  41: (m) => m.create([]), // EMPTY_TUPLE
  133: (m) => m.create(m.popMany(1)), // TUPLE1
  134: (m) => m.create(m.popMany(2)), // TUPLE2
  135: (m) => m.create(m.popMany(3)), // TUPLE3
  116: (m) => m.create(m.popMark()), // TUPLE
  93: (m) => m.create([]), // EMPTY_LIST
  97: (m) => m.append([m.pop()]), // APPEND
  101: (m) => m.append(m.popMark()), // APPENDS
  125: (m) => m.create(new Map()), // EMPTY_DICT
  115: (m) => m.setItems(m.popMany(2)), // SETITEM
  117: (m) => m.setItems(m.popMark()), // SETITEMS
  143: (m) => m.create([]), // EMPTY_SET
  144: (m) => m.append(m.popMark()), // ADDITEMS
  145: (m) => m.create(m.popMark()), // FROZENSET

  113: (m, r) => m.put(r.uint8()), // BINPUT
  114: (m, r) => m.put(r.uint32()), // LONG_BINPUT
  148: (m) => m.memoize(), // MEMOIZE
  104: (m, r) => m.get(r.uint8()), // BINGET
  106: (m, r) => m.get(r.uint32()), // LONG_BINGET

  99: (m, r) => m.global(r.line(), r.line()), // GLOBAL
  147: (m) => m.global(...(m.popMany(2) as [PickleValue, PickleValue])), // STACK_GLOBAL
  81: (m) => m.persistentId(), // BINPERSID
  82: (m) => m.call(), // REDUCE
  129: (m) => m.newInstance(...(m.popMany(2).reverse() as [PickleValue, PickleValue])), // NEWOBJ
  98: (m) => m.build(), // BUILD
}
