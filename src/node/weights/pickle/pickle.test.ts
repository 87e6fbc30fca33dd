import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { goldenBytes } from '../../../../test/support/golden-files.js'
import { pickle } from '../../../../test/support/pickle-writer.js'
import { WeightsError } from '../../../core/errors.js'
import { PickleTruncatedError, pickleLimits, unpickle } from './pickle.js'
import { storageOf } from './pickle-globals.js'
import { PickleInstance, TorchStorage, TorchTensor } from './pickle-values.js'

const read = (bytes: Uint8Array, options: { scriptModules?: boolean } = {}) =>
  unpickle(bytes, { name: 'file', persistent: storageOf, ...options }).value

const body = (...codes: (number | string | Uint8Array)[]) =>
  pickle.of(
    Buffer.concat(
      codes.map((c) =>
        typeof c === 'number' ? Buffer.from([c]) : typeof c === 'string' ? Buffer.from(c, 'latin1') : c,
      ),
    ),
  )

describe('a pickle of plain data', () => {
  it.each<[string, Buffer, unknown]>([
    ['None, True, False', body('(N', 0x88, 0x89, 't'), [null, true, false]],
    ['integers', body('(K\xffM\xff\xffJ\xff\xff\xff\xfft'), [255, 65535, -1]],
    ['long integers', body('(', 0x8a, 2, 0x00, 0x80, 0x8a, 0, 0x8b, 1, 0, 0, 0, 5, 't'), [-32768, 0, 5]],
    ['integers beyond 2^53', body(0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1), 2n ** 64n],
    ['floats', body('G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0), 1.5],
    ['text', body('(', pickle.text('é'), 0x8c, 1, 'a', 'U\x01\xe9', 't'), ['é', 'a', 'é']],
    ['bytes', body('C\x02\x01\x02'), Uint8Array.of(1, 2)],
    [
      'tuples',
      body(')', 'N', 0x85, 'NN', 0x86, 'NNN', 0x87, '(', 't', 0x86, 0x87, 0x86),
      [[], [[null], [null, null], [[null, null, null], []]]],
    ],
    ['lists', body(']', 'Na', '(K\x01K\x02e'), [null, 1, 2]],
    ['sets', body(0x8f, '(K\x01', 0x90), [1]],
    [
      'dictionaries',
      body('}', 'K\x01K\x02s', '(K\x03K\x04u'),
      new Map([
        [1, 2],
        [3, 4],
      ]),
    ],
    ['remembered values', body('K\x07q\x050(h\x05j\x05\x00\x00\x00t'), [7, 7]],
    [
      'ordered and default dictionaries',
      body(
        pickle.tuple(
          pickle.call(pickle.global('collections', 'OrderedDict')),
          pickle.call(pickle.global('collections', 'defaultdict'), pickle.global('__builtin__', 'dict')),
        ),
      ),
      [new Map(), new Map()],
    ],
  ])('gives %s', (_, bytes, expected) => {
    expect(read(bytes)).toEqual(expected)
  })

  it('of protocol 4, with frames and a counted memo, is read as well', () => {
    const bytes = Buffer.concat([
      Buffer.from([0x80, 4, 0x95, 20, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from('\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94h\x00K\x07s.', 'latin1'),
    ])
    expect(read(bytes)).toEqual(new Map([['collections', 7]]))
  })

  it('keeps a key named __proto__ apart from prototypes', () => {
    const value = read(pickle.of(pickle.dict([[pickle.text('__proto__'), pickle.integer(1)]]))) as Map<
      string,
      number
    >
    expect(value.get('__proto__')).toBe(1)
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('ends where its last instruction does', () => {
    const bytes = Buffer.concat([body('N'), Buffer.from('rest')])
    expect(unpickle(bytes, { name: 'file' }).end).toBe(bytes.length - 4)
  })
})

describe('instances of classes', () => {
  it('are records of what the pickle gave them', () => {
    const bytes = pickle.of(
      pickle.instance('torch.optim.sgd', 'SGD', pickle.dict([[pickle.text('lr'), pickle.integer(1)]])),
    )
    const value = read(bytes) as PickleInstance
    expect(value).toBeInstanceOf(PickleInstance)
    expect(value).toMatchObject({ className: 'torch.optim.sgd SGD', args: [], state: new Map([['lr', 1]]) })
  })

  it('are dictionaries where the class is one', () => {
    // As pickle writes a subclass of dict: NEWOBJ, SETITEM, then BUILD with its attributes.
    const node = Buffer.from('cyacs.config\nCfgNode\n)\x81K\x01K\x02s}K\x03K\x04sb.', 'latin1')
    expect(read(node)).toEqual(new Map([[1, 2]]))
  })

  it('that TorchScript compiled are allowed in its archives only', () => {
    const bytes = pickle.of(pickle.instance('__torch__.clip.model', 'CLIP', pickle.dict([])))
    expect(read(bytes, { scriptModules: true })).toMatchObject({ className: '__torch__.clip.model CLIP' })
    expect(() => read(bytes)).toThrow(/"__torch__\.clip\.model\.CLIP"/)
  })
})

describe('a pickle that wants more than data is refused, by name:', () => {
  const command = pickle.text('touch /tmp/owned')
  it.each<[string, Buffer, RegExp]>([
    ['os.system', pickle.of(pickle.call(pickle.global('os', 'system'), command)), /"os\.system"/],
    ['posix.system', pickle.of(pickle.call(pickle.global('posix', 'system'), command)), /"posix\.system"/],
    ['builtins.eval', pickle.of(pickle.call(pickle.global('builtins', 'eval'), command)), /"builtins\.eval"/],
    [
      '__builtin__.getattr',
      pickle.of(pickle.call(pickle.global('__builtin__', 'getattr'), command)),
      /getattr/,
    ],
    [
      'subprocess.Popen by STACK_GLOBAL',
      body(pickle.text('subprocess'), pickle.text('Popen'), 0x93),
      /"subprocess\.Popen"/,
    ],
    [
      'a name that hides in an allowed one',
      pickle.of(pickle.global('collections', 'OrderedDict.__init__')),
      /OrderedDict\.__init__/,
    ],
    [
      'a name split at another place',
      pickle.of(pickle.global('collections OrderedDict', '')),
      /not among the names/,
    ],
    ['a name of Object.prototype', pickle.of(pickle.global('torch', 'constructor')), /"torch\.constructor"/],
    ['a global that is no text', body('NN', 0x93), /not among the names/],
    [
      'a function as a class',
      body(pickle.global('collections', 'OrderedDict'), ')', 0x81),
      /instance of what is no class/,
    ],
    ['a call of data', body('NN', 'R'), /calls what is no function/],
    [
      'a call of a storage type',
      body(pickle.global('torch', 'FloatStorage'), ')R'),
      /calls torch FloatStorage/,
    ],
    ['INST', body('(ios\nsystem\n'), /0x69/],
    ['OBJ', body('(', pickle.global('torch', 'device'), 'o'), /0x6f/],
    ['extension registry', body(0x82, 1), /0x82/],
    ['NEWOBJ_EX', body(pickle.global('torch', 'device'), ')}', 0x92), /0x92/],
    ['text-form reference', body('P0\n'), /0x50/],
  ])('%s', (_, bytes, message) => {
    const attempt = () => read(bytes)
    expect(attempt).toThrow(WeightsError)
    expect(attempt).toThrow(message)
  })
})

describe('a malformed pickle is refused:', () => {
  it.each<[string, Buffer, RegExp]>([
    ['pop from nothing', body('0'), /empty stack/],
    ['nothing to give', pickle.of(Buffer.alloc(0)), /empty stack/],
    ['tuple of more than there is', body('N', 0x86), /empty stack/],
    ['close without mark', body('t'), /closes what it did not open/],
    ['value from below a mark', body('N(0'), /empty stack/],
    ['unknown memo', body('h\x07'), /recalls the value 7/],
    ['append to text', body(pickle.text('a'), 'Na'), /no list/],
    ['items of a list', body(']NNs'), /no dictionary/],
    ['odd items', body('}(Nu'), /no dictionary/],
    ['unknown instruction', body(0xff), /0xff/],
    ['newer protocol', Buffer.from([0x80, 6]), /protocol 6/],
    ['huge integer', body(0x8b, 0xff, 0xff, 0xff, 0x7f), /integer of 2147483647 bytes/],
    ['negative length', body(0x8b, 0xff, 0xff, 0xff, 0xff), /integer of 4294967295 bytes/],
    ['text beyond the end', body('X\xff\xff\xff\xff'), /ends before/],
    ['text of 2^64 bytes', body(0x8d, '\xff\xff\xff\xff\xff\xff\xff\xff'), /ends before/],
    ['endless name', body('c', 'a'.repeat(5000), '\n\n'), /4096/],
    [
      'dictionary of what is none',
      body(pickle.call(pickle.global('collections', 'OrderedDict'), pickle.text('a'))),
      /dictionary of what is none/,
    ],
  ])('%s', (_, bytes, message) => {
    const attempt = () => read(bytes)
    expect(attempt).toThrow(WeightsError)
    expect(attempt).toThrow(message)
  })

  it('too deep, too long, or with too large a memo or too many containers', () => {
    expect(() => read(Buffer.alloc(pickleLimits.depth + 2, '('))).toThrow(/nested deeper/)
    expect(() => read(Buffer.alloc(pickleLimits.instructions + 2, 'N'))).toThrow(/instructions/)
    for (const code of [')', ']', '}', 0x8f, 'N\x85', 'C\0']) {
      const many = Buffer.alloc(
        typeof code === 'string' ? code.length * (pickleLimits.containers + 1) : pickleLimits.containers + 1,
        code,
        'latin1',
      )
      expect(() => read(many)).toThrow(/makes more than 500000 lists/)
    }
    const puts = Buffer.alloc(5 * (pickleLimits.memo + 2))
    for (let i = 0; i < pickleLimits.memo + 2; i++) {
      puts.write('r', 5 * i)
      puts.writeUInt32LE(i, 5 * i + 1)
    }
    expect(() => read(Buffer.concat([Buffer.from('N'), puts]))).toThrow(/remembers more/)
  })

  it('cut at any place, which it says apart', () => {
    const bytes = pickle.of(
      pickle.dict([
        [pickle.text('w'), pickle.tensor({ key: '0', length: 6, shape: [2, 3], strides: [3, 1] })],
      ]),
    )
    for (let length = 0; length < bytes.length; length++) {
      expect(() => read(bytes.subarray(0, length))).toThrow(PickleTruncatedError)
    }
  })
})

describe('a tensor', () => {
  const view = { key: '0', length: 24, offset: 4, shape: [2, 3], strides: [6, 2] }
  const tensor = (change: Partial<Parameters<typeof pickle.tensor>[0]> = {}) =>
    read(pickle.of(pickle.tensor({ ...view, ...change })))

  it('is a view into a storage, wherever it lived', () => {
    expect(tensor({ type: 'HalfStorage', location: 'cuda:0' })).toEqual(
      new TorchTensor(new TorchStorage('0', 'float16', 24, 0, 24), 4, [2, 3], [6, 2]),
    )
  })

  it('as a parameter is the tensor itself', () => {
    const parameter = pickle.call(
      pickle.global('torch._utils', '_rebuild_parameter'),
      pickle.tensor(view),
      Buffer.from([0x88]),
      pickle.call(pickle.global('collections', 'OrderedDict')),
    )
    expect(read(pickle.of(parameter))).toEqual(tensor())
  })

  it.each([
    ['last element beyond the storage', { offset: 15 }],
    ['offset beyond the storage', { shape: [1], strides: [1], offset: 24 }],
    ['negative offset', { offset: -1 }],
    ['negative stride', { strides: [-6, 2], offset: 20 }],
    ['negative size', { shape: [-2, -3] }],
    ['strides of another rank', { strides: [1] }],
    ['more elements than the storage, by a stride of 0', { shape: [1000, 1000], strides: [0, 0] }],
    ['size whose product overflows', { shape: [2 ** 40, 2 ** 40], strides: [0, 0] }],
    ['stride whose product overflows', { strides: [2 ** 52, 2 ** 52] }],
    ['impossible storage length', { length: -24 }],
  ])('is refused with %s', (_, change) => {
    expect(() => tensor(change)).toThrow(WeightsError)
  })

  it('is refused without a storage of a known type', () => {
    expect(() => tensor({ type: 'ComplexFloatStorage' })).toThrow(/ComplexFloatStorage/)
    const wrong = pickle.call(pickle.global('torch._utils', '_rebuild_tensor_v2'), pickle.text('0'))
    expect(() => read(pickle.of(wrong))).toThrow(/without a storage/)
    expect(() => read(body(pickle.text('0'), 'Q'))).toThrow(/no storage/)
    expect(() => unpickle(body('NQ'), { name: 'file' })).toThrow(/outside of it/)
  })
})

it('a real checkpoint with bytes changed is read or refused, whatever the change', () => {
  const file = goldenBytes('checkpoints/coop_legacy_format/prompt_learner/model.pth.tar-3')
  const next = (start: number) => unpickle(file, { name: 'file', start, persistent: storageOf }).end
  const start = next(next(next(0)))
  const end = next(start)
  const bytes = file.subarray(start, end)
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
      const changed = Uint8Array.from(bytes)
      for (const [position, byte] of changes) changed[position] = byte
      try {
        read(changed)
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError)
      }
    }),
    { numRuns: 3000 },
  )
})

it('random bytes are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        read(bytes, { scriptModules: true })
      } catch (error) {
        expect(error).toBeInstanceOf(WeightsError)
      }
    }),
    { numRuns: 5000 },
  )
})
