// Instructions of pickle protocol 2, as far as a PyTorch checkpoint needs them. Each function gives the bytes that leave
// its value on the pickle machine's stack.

/** None */
export const pickleNone = Buffer.from('N')

/** A whole number of 32 bits. */
export function pickleInteger(value: number): Buffer {
  if (value !== (value | 0)) throw new RangeError(`${value} is not a whole number of 32 bits`)
  const bytes = Buffer.alloc(5)
  bytes.write('J')
  bytes.writeInt32LE(value, 1)
  return bytes
}

export function pickleText(value: string): Buffer {
  const text = Buffer.from(value)
  const head = Buffer.alloc(5)
  head.write('X')
  head.writeUInt32LE(text.length, 1)
  return Buffer.concat([head, text])
}

export const pickleFalse = Buffer.from([0x89])

export const pickleTuple = (...items: Uint8Array[]): Buffer =>
  Buffer.concat([Buffer.from('('), ...items, Buffer.from('t')])

/** A class or function by its name. */
export const pickleGlobal = (module: string, name: string): Buffer => Buffer.from(`c${module}\n${name}\n`)

/** What a callee returns for arguments. */
export const pickleCall = (callee: Uint8Array, ...args: Uint8Array[]): Buffer =>
  Buffer.concat([callee, pickleTuple(...args), Buffer.from('R')])

/** An object beside the pickle, by its id. */
export const picklePersistent = (id: Uint8Array): Buffer => Buffer.concat([id, Buffer.from('Q')])

type Items = readonly (readonly [string, Uint8Array])[]

const setItems = (items: Items): Buffer =>
  Buffer.concat([
    Buffer.from('('),
    ...items.flatMap(([key, value]) => [pickleText(key), value]),
    Buffer.from('u'),
  ])

export const pickleDict = (items: Items): Buffer => Buffer.concat([Buffer.from('}'), setItems(items)])

export const pickleOrderedDict = (items: Items): Buffer =>
  Buffer.concat([pickleCall(pickleGlobal('collections', 'OrderedDict')), setItems(items)])

/** A pickle of one value. */
export const pickleOf = (value: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([0x80, 2]), value, Buffer.from('.')])
