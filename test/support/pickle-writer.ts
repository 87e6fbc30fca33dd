/** Pieces of pickles (protocol 2) for tests: each function gives the instructions that build its value. */
export const pickle = {
  /** A whole pickle of one value. */
  of: (value: Uint8Array): Buffer => Buffer.concat([Buffer.from([0x80, 2]), value, Buffer.from('.')]),
  none: Buffer.from('N'),
  text(value: string): Buffer {
    const bytes = Buffer.from(value)
    const prefix = Buffer.alloc(5)
    prefix.write('X')
    prefix.writeUInt32LE(bytes.length, 1)
    return Buffer.concat([prefix, bytes])
  },
  /** A signed 32-bit integer, or a longer one where that is too short. */
  integer(value: number): Buffer {
    const isShort = value === (value | 0)
    const bytes = Buffer.alloc(isShort ? 5 : 10)
    if (isShort) {
      bytes.write('J')
      bytes.writeInt32LE(value, 1)
    } else {
      bytes.set([0x8a, 8])
      bytes.writeBigInt64LE(BigInt(value), 2)
    }
    return bytes
  },
  tuple: (...items: Uint8Array[]): Buffer => Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')]),
  dict: (items: readonly (readonly [Uint8Array, Uint8Array])[]): Buffer =>
    Buffer.concat([Buffer.from('}('), ...items.flat(), Buffer.from('u')]),
  global: (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`),
  call: (callee: Uint8Array, ...args: Uint8Array[]): Buffer =>
    Buffer.concat([callee, pickle.tuple(...args), Buffer.from('R')]),
  instance: (module: string, name: string, state: Uint8Array): Buffer =>
    Buffer.concat([pickle.global(module, name), Buffer.from([0x29, 0x81]), state, Buffer.from('b')]),
  /** A tensor as PyTorch writes it: a view into a storage that lies beside the pickle. */
  tensor(view: TensorView): Buffer {
    const { type = 'FloatStorage', key, length, offset = 0, shape, strides, location = 'cpu' } = view
    const id = pickle.tuple(
      pickle.text('storage'),
      pickle.global('torch', type),
      pickle.text(key),
      pickle.text(location),
      pickle.integer(length),
    )
    const integers = (values: readonly number[]) => pickle.tuple(...values.map(pickle.integer))
    return pickle.call(
      pickle.global('torch._utils', '_rebuild_tensor_v2'),
      Buffer.concat([id, Buffer.from('Q')]),
      pickle.integer(offset),
      integers(shape),
      integers(strides),
      Buffer.from([0x89]),
      pickle.call(pickle.global('collections', 'OrderedDict')),
    )
  },
}

export interface TensorView {
  readonly type?: string
  readonly key: string
  readonly location?: string
  /** Of the storage, in elements. */
  readonly length: number
  readonly offset?: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}
