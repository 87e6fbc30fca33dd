import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { goldenBytes, temporaryFolder } from '../../../../test/support/golden-files.js'
import { pickle } from '../../../../test/support/pickle-writer.js'
import { rejection } from '../../../../test/support/rejection.js'
import { counting, stateDict, torchFile, torchRecords } from '../../../../test/support/torch-writer.js'
import { type ZipInput, zipOf } from '../../../../test/support/zip-writer.js'
import { WeightsError } from '../../../core/errors.js'
import { memorySource } from '../../../core/weights/byte-source.js'
import { openTorch, torchFileOf } from './torch.js'
import { legacyMagic } from './torch-legacy.js'

const open = (bytes: Uint8Array) => torchFileOf(memorySource(bytes, 'file'))

/** The message with which a file is refused, on opening or on reading its tensors. */
const refusal = (bytes: Uint8Array) =>
  rejection(async () => {
    for (const entry of (await open(bytes)).entries.values()) await entry.read()
  })

const legacy = goldenBytes('checkpoints/coop_legacy_format/prompt_learner/model.pth.tar-3')

describe('modules that share others are refused before they grow beyond measure:', () => {
  const view = { key: '0', length: 4, shape: [4], strides: [1] }
  const memoized = (index: number) => Buffer.from([0x71, index])
  const recalled = (index: number) => Buffer.from([0x68, index])

  /** A module whose state is a level of such modules, each of which is there twice: 2^depth paths. */
  function doubled(depth: number, inner: Uint8Array, name: string): Uint8Array {
    let module: Uint8Array = inner
    for (let level = 0; level < depth; level++) {
      module = pickle.instance(
        '__torch__.clip',
        'M',
        pickle.dict([
          [pickle.text(name), Buffer.concat([module, memoized(level)])],
          [pickle.text('b'), recalled(level)],
        ]),
      )
    }
    return module
  }
  const script = (root: Uint8Array) =>
    refusal(
      zipOf([
        ...torchRecords(root, { 0: counting(4) }),
        { path: 'model/constants.pkl', data: pickle.of(pickle.none) },
      ]),
    )

  it('by their paths', async () => {
    expect(await script(doubled(60, pickle.tensor(view), 'a'))).toMatch(
      /names of more than 4000000 letters|300000 attributes/,
    )
  })

  it('by the length of their names', async () => {
    expect(await script(doubled(18, pickle.tensor(view), 'a'.repeat(5000)))).toMatch(/4000000 letters/)
  })

  it('by attributes that are no tensors', async () => {
    const flags = Array.from({ length: 5000 }, (_, i) => [pickle.integer(i), pickle.none] as const)
    const leaf = pickle.instance('__torch__.clip', 'M', pickle.dict(flags))
    expect(await script(doubled(12, leaf, 'a'))).toMatch(/300000 attributes/)
  })
})

describe('a legacy file', () => {
  it('shares one allowance of containers among its pickles', async () => {
    const many = pickle.of(Buffer.concat([Buffer.from('('), Buffer.alloc(400_000, ']'), Buffer.from('t')]))
    const magic = Buffer.from(legacyMagic)
    const bytes = Buffer.concat([magic, pickle.of(pickle.integer(1001)), many, many, pickle.of(pickle.none)])
    expect(await refusal(bytes)).toContain('makes more than 500000 lists')
  })
})

describe('a hostile or damaged archive is refused:', () => {
  const view = { key: '0', length: 6, shape: [6], strides: [1] }
  const [data, storage, version] = torchRecords(stateDict({ w: view }), { 0: counting(6) }) as [
    ZipInput,
    ZipInput,
    ZipInput,
  ]
  const bomb = Buffer.alloc(2 ** 27)

  it.each<[string, () => Buffer, RegExp]>([
    ['path outside', () => zipOf([data, storage, { ...version, path: '../evil' }]), /invalid relative path/],
    ['absolute path', () => zipOf([data, storage, { ...version, path: '/etc/passwd' }]), /absolute path/],
    ['drive letter', () => zipOf([data, storage, { ...version, path: 'C:/evil' }]), /absolute path/],
    ['backslashes', () => zipOf([data, storage, { ...version, path: '..\\evil' }]), /invalid characters/],
    ['same path twice', () => zipOf([data, storage, storage]), /two records named "model\/data\/0"/],
    [
      'paths that differ by case',
      () => zipOf([data, storage, { ...storage, path: 'Model/DATA/0' }]),
      /two records/,
    ],
    [
      'other path in the local header',
      () => zipOf([data, { ...storage, local: { path: 'model/data/1' } }]),
      /described differently/,
    ],
    [
      'other size in the local header',
      () => zipOf([data, { ...storage, local: { size: 23 } }]),
      /described differently/,
    ],
    [
      'other checksum in the local header',
      () => zipOf([data, { ...storage, local: { crc: 1 } }]),
      /described differently/,
    ],
    ['wrong checksum', () => zipOf([data, { ...storage, crc: 1 }]), /does not match its checksum/],
    [
      'wrong checksum of the pickle',
      () => zipOf([{ ...data, crc: 1 }, storage]),
      /does not match its checksum/,
    ],
    [
      'record inside of another',
      () => {
        const inner = { path: 'model/data/1', data: counting(2) }
        const outer = { path: 'model/data/2', data: zipOf([inner]) }
        const start = 30 + outer.path.length
        return zipOf([outer, data, storage, { ...inner, position: start }])
      },
      /"model\/data\/2" and "model\/data\/1" overlap/,
    ],
    [
      'header of another record',
      () => zipOf([data, storage, { ...storage, path: 'model/data/1', position: 0 }]),
      /described differently/,
    ],
    [
      'record beyond the end',
      () => zipOf([data, { ...storage, size: 2 ** 31, local: { size: 2 ** 31 } }]),
      /damaged/,
    ],
    [
      'header position beyond the end',
      () => zipOf([data, { ...storage, position: 2 ** 31 }]),
      /ends before|damaged/,
    ],
    ['encrypted record', () => zipOf([data, { ...storage, flags: 1, method: 8 }]), /is encrypted/],
    ['unknown compression', () => zipOf([data, { ...storage, method: 12 }]), /method 12/],
    [
      'record that is not deflated',
      () => zipOf([data, { ...storage, method: 8 }]),
      /cannot be inflated|inflates to/,
    ],
    [
      'record that inflates beyond its size',
      () => zipOf([data, { ...storage, method: 8, data: deflateRawSync(bomb), size: 24 }]),
      /cannot be inflated/,
    ],
    [
      'record that inflates too much',
      () => zipOf([data, { ...storage, method: 8, data: deflateRawSync(bomb), size: bomb.length }]),
      /would inflate from \d+ to 134217728/,
    ],
    ['pickle too large', () => zipOf([{ ...data, data: Buffer.alloc(2 ** 26 + 1) }]), /its pickle has/],
    ['no pickle', () => zipOf([storage]), /0 records named data.pkl/],
    [
      'two pickles',
      () => zipOf([data, storage, { ...data, path: 'other/data.pkl' }]),
      /2 records named data.pkl/,
    ],
    ['missing storage', () => zipOf([data]), /storage "0" is missing/],
    [
      'storage shorter than the pickle says',
      () => zipOf([data, { ...storage, data: counting(5) }]),
      /has 20 bytes, its 6 elements of float32 need 24/,
    ],
    [
      'storage longer than the pickle says',
      () => zipOf([data, { ...storage, data: counting(7) }]),
      /has 28 bytes/,
    ],
    [
      'big-endian',
      () => zipOf([data, storage, { path: 'model/byteorder', data: Buffer.from('big') }]),
      /byte order "big"/,
    ],
    [
      'code in the pickle',
      () =>
        torchFile(pickle.call(pickle.global('os', 'system'), pickle.text('touch /tmp/promptsrc-owned')), {}),
      /"os\.system"/,
    ],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(bytes())).toMatch(message)
    expect(existsSync('/tmp/promptsrc-owned')).toBe(false)
  })

  it('a part of a tensor is read only when its whole record has the right checksum', async () => {
    const table = { key: '0', length: 6, shape: [6, 1], strides: [1, 1] }
    const [pickled, record] = torchRecords(stateDict({ w: table, v: { ...view, shape: [1] } }), {
      0: counting(6),
    })
    const file = await open(zipOf([pickled!, { ...record!, crc: 1 }]))
    await expect(file.entries.get('v')!.read()).rejects.toThrow(/checksum/)
    await expect(file.entries.get('w')!.readRows([2])).rejects.toThrow(/checksum/)
  })

  it('cut at any place', async () => {
    const bytes = zipOf([data, storage, version])
    for (let length = 0; length < bytes.length; length++) await refusal(bytes.subarray(0, length))
  })

  it('of the older format, cut at any place or with storages of another length', async () => {
    const ends = Array.from({ length: 120 }, (_, i) => Math.floor((i / 120) ** 3 * legacy.length))
    for (const length of ends) await refusal(legacy.subarray(0, length))
    await refusal(Buffer.concat([legacy, Buffer.of(0)]))
    const storage = legacy.length - 118272 - 8
    const changed = Buffer.from(legacy)
    changed.writeBigInt64LE(2n ** 40n, storage)
    expect(await refusal(changed)).toMatch(/has 1099511627776 elements, expected/)
  })

  it('files of other kinds', async () => {
    expect(await refusal(Buffer.from('hello, world, this is no archive'))).toMatch(
      /not a file that PyTorch wrote/,
    )
    expect(await refusal(Buffer.alloc(0))).toMatch(/not a file that PyTorch wrote/)
    expect(await refusal(Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(500)]))).toMatch(/damaged/)
  })

  it('on disk, by its path', async () => {
    const path = join(temporaryFolder(), 'bad.pt')
    writeFileSync(path, zipOf([data, storage]).subarray(0, 60))
    await expect(openTorch(path)).rejects.toThrow(/bad\.pt: the archive is damaged/)
  })
})

describe('with any bytes changed', () => {
  const small = torchFile(
    stateDict({
      a: { key: '0', length: 12, offset: 1, shape: [2, 3], strides: [6, 2] },
      b: { type: 'HalfStorage', key: '1', length: 4, shape: [4], strides: [1] },
    }),
    { 0: counting(12), 1: counting(2) },
  )

  it.each<[string, Buffer, number]>([
    ['an archive', small, 1500],
    ['a file of the older format', legacy, 400],
  ])('%s is read or refused, and never promises more than its size', async (_, bytes, numRuns) => {
    const position = fc.oneof(fc.nat(Math.min(bytes.length, 2000) - 1), fc.nat(bytes.length - 1))
    const change = fc.tuple(position, fc.integer({ min: 0, max: 255 }))
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        const changed = Uint8Array.from(bytes)
        for (const [position, byte] of changes) changed[position] = byte
        try {
          const file = await open(changed)
          for (const entry of file.entries.values()) {
            expect((await entry.read()).length).toBeLessThanOrEqual(bytes.length)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(WeightsError)
        }
      }),
      { numRuns },
    )
  })
})
