import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { goldenBytes, temporaryFolder } from '../../../test/support/golden-files.js'
import { openSafetensors, writeSafetensors } from '../../node/weights/safetensors-file.js'
import { WeightsError } from '../errors.js'
import { decodeSafetensors, encodeSafetensors, type TensorData } from './safetensors.js'

const sample = new Map<string, TensorData>([
  ['matrix', { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6.1) }],
  ['half', { dtype: 'float16', shape: [2], data: Float32Array.of(0.1, -65504) }],
  ['brain', { dtype: 'bfloat16', shape: [1], data: Float32Array.of(3.140625) }],
  ['double', { shape: [2], data: Float64Array.of(1e-3, 1e300) }],
  ['long', { shape: [], data: BigInt64Array.of(-7n) }],
  ['int', { shape: [1], data: Int32Array.of(-70000) }],
  ['short', { shape: [1], data: Int16Array.of(-300) }],
  ['char', { shape: [1], data: Int8Array.of(-3) }],
  ['byte', { shape: [1], data: Uint8Array.of(200) }],
  ['flags', { dtype: 'bool', shape: [3], data: Uint8Array.of(1, 0, 1) }],
  ['nothing', { shape: [0, 4], data: new Float32Array(0) }],
])

/** A file with any header text. */
function fileOf(header: unknown, data: Uint8Array = new Uint8Array(0), stated?: bigint): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(stated ?? BigInt(json.length))
  return Buffer.concat([length, json, data])
}

const tensor = (dtype: string, shape: unknown, begin: unknown, end: unknown) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})

const rejection = async (bytes: Uint8Array): Promise<string> => {
  const error = await decodeSafetensors(bytes, 'file').catch((e: unknown) => e)
  expect(error).toBeInstanceOf(WeightsError)
  return (error as WeightsError).message
}

describe('a safetensors file', () => {
  it('gives back what was written, as float32', async () => {
    const path = join(temporaryFolder(), 'all.safetensors')
    await writeSafetensors(path, sample, { format: 'test' })
    const file = await openSafetensors(path)
    const values = async (name: string) => [...(await file.entries.get(name)!.read())]
    expect(file.metadata.format).toBe('test')
    expect(await values('matrix')).toEqual([1, 2, 3, 4, 5, Math.fround(6.1)])
    expect(await values('half')).toEqual([0.0999755859375, -65504])
    expect(await values('brain')).toEqual([3.140625])
    expect(await values('double')).toEqual([Math.fround(1e-3), Infinity])
    expect(await values('long')).toEqual([-7])
    expect(await values('int')).toEqual([-70000])
    expect(await values('short')).toEqual([-300])
    expect(await values('char')).toEqual([-3])
    expect(await values('byte')).toEqual([200])
    expect(await values('flags')).toEqual([1, 0, 1])
    expect(await values('nothing')).toEqual([])
    expect(file.entries.get('half')).toMatchObject({ dtype: 'float16', shape: [2] })
    expect(file.entries.get('nothing')!.shape).toEqual([0, 4])
    await file.close()
    expect(readdirSync(join(path, '..'))).toEqual(['all.safetensors'])
  })

  it('gives rows in the order asked for, few or many', async () => {
    const data = Float32Array.from({ length: 100 * 3 }, (_, i) => i)
    const bytes = encodeSafetensors(new Map([['table', { shape: [100, 3], data }]]))
    const table = (await decodeSafetensors(bytes)).entries.get('table')!
    expect([...(await table.readRows([99, 0, 99]))]).toEqual([297, 298, 299, 0, 1, 2, 297, 298, 299])
    const many = Array.from({ length: 50 }, (_, i) => 98 - i)
    expect(await table.readRows(many)).toEqual(
      Float32Array.from(many.flatMap((r) => [3 * r, 3 * r + 1, 3 * r + 2])),
    )
    await expect(table.readRows([100])).rejects.toThrow(RangeError)
  })

  it('fills an array with rows from one on', async () => {
    const data = Float32Array.from({ length: 100 * 3 }, (_, i) => i)
    const bytes = encodeSafetensors(new Map([['table', { shape: [100, 3], data, dtype: 'float16' }]]))
    const table = (await decodeSafetensors(bytes)).entries.get('table')!
    const all = new Float32Array(20).fill(-1)
    await table.readInto(all.subarray(4, 16), 7)
    expect([...all]).toEqual([-1, -1, -1, -1, ...data.subarray(21, 33), -1, -1, -1, -1])
  })

  it('converts tensors larger than a piece of reading without seams', async () => {
    const data = Float32Array.from({ length: 1_200_001 }, (_, i) => (i % 2048) - 1024)
    const bytes = encodeSafetensors(new Map([['long', { dtype: 'float16', shape: [data.length], data }]]))
    const path = join(temporaryFolder(), 'long.safetensors')
    writeFileSync(path, bytes)
    const file = await openSafetensors(path)
    expect(
      Buffer.compare(Buffer.from((await file.entries.get('long')!.read()).buffer), Buffer.from(data.buffer)),
    ).toBe(0)
    await file.close()
  })

  it('has the same bytes whatever the order of its tensors, every tensor aligned', async () => {
    const bytes = encodeSafetensors(sample, { b: '2', a: '1' })
    expect(encodeSafetensors(new Map([...sample].reverse()), { a: '1', b: '2' })).toEqual(bytes)
    const start = 8 + Number(Buffer.from(bytes).readBigUInt64LE())
    const header = JSON.parse(Buffer.from(bytes.subarray(8, start)).toString()) as Record<
      string,
      { data_offsets: number[] }
    >
    expect(start % 8).toBe(0)
    expect(header.double!.data_offsets[0]! % 8).toBe(0)
    expect(header.matrix!.data_offsets[0]! % 4).toBe(0)
  })

  it('refuses to write values that do not fit their shape or type', () => {
    const write = (tensor: TensorData) => () => encodeSafetensors(new Map([['t', tensor]]))
    expect(write({ shape: [3], data: Float32Array.of(1) })).toThrow(/t of shape \[3\] has 1 values/)
    expect(write({ shape: [1], dtype: 'int64', data: Float32Array.of(1) })).toThrow(/Float32Array as int64/)
  })

  it('of the reference data is read with its metadata and exact values', async () => {
    const bytes = goldenBytes('clip/rnA.safetensors')
    const file = await decodeSafetensors(bytes)
    const scale = file.entries.get('logit_scale')!
    expect(scale.shape).toEqual([])
    expect(await scale.read()).toEqual(Float32Array.of(3.25))
  })
})

describe('a damaged or hostile safetensors file is refused:', () => {
  const four = new Uint8Array(4)
  it.each<[string, Uint8Array, RegExp]>([
    ['too short for its length', Buffer.from('abc'), /3 bytes/],
    ['header beyond the end', fileOf('{}', four, 100n), /header of 100 bytes, at most 6/],
    ['header of 2^63 bytes', fileOf('{}', four, 2n ** 63n), /header of 9223372036854775808 bytes/],
    ['header that is not JSON', fileOf('{"a":'), /not JSON/],
    ['header that is not UTF-8', fileOf('{}', new Uint8Array(0)).fill(0xff, 8), /not JSON/],
    [
      'header of too many values',
      fileOf(`[${'0,'.repeat(5_000_000)}0]`),
      /header of more than 5000000 parts/,
    ],
    ['header that is a list', fileOf([]), /not a JSON object/],
    ['tensor that is no object', fileOf({ a: 1 }), /"a" has no description/],
    ['unknown type', fileOf({ a: tensor('F8', [4], 0, 4) }, four), /"a" has the type "F8"/],
    [
      'type that is a name of Object',
      fileOf({ a: tensor('constructor', [4], 0, 4) }, four),
      /type "constructor"/,
    ],
    ['negative dimension', fileOf({ a: tensor('U8', [-4], 0, 4) }, four), /impossible shape/],
    ['fractional dimension', fileOf({ a: tensor('U8', [0.5, 8], 0, 4) }, four), /impossible shape/],
    ['shape that is text', fileOf({ a: tensor('U8', '4', 0, 4) }, four), /impossible shape/],
    ['product beyond 2^53', fileOf({ a: tensor('F32', [2 ** 40, 2 ** 40], 0, 4) }, four), /impossible shape/],
    [
      'product that wraps to the size in 64 bits',
      fileOf({ a: tensor('F32', [2 ** 32, 2 ** 32, 1], 0, 0) }),
      /impossible shape/,
    ],
    [
      'size other than shape times type',
      fileOf({ a: tensor('F32', [2], 0, 4) }, four),
      /has 4 bytes, its shape \[2\] of F32 needs 8/,
    ],
    ['end before begin', fileOf({ a: tensor('U8', [4], 8, 4) }, four), /has -4 bytes/],
    ['negative offset', fileOf({ a: tensor('U8', [4], -4, 0) }, four), /impossible offsets/],
    [
      'hole before the first',
      fileOf({ a: tensor('U8', [4], 4, 8) }, new Uint8Array(8)),
      /begins at byte 4 of the data, expected 0/,
    ],
    [
      'overlap',
      fileOf({ a: tensor('U8', [4], 0, 4), b: tensor('U8', [4], 2, 6) }, new Uint8Array(6)),
      /begins at byte 2 of the data, expected 4/,
    ],
    [
      'same bytes twice',
      fileOf({ a: tensor('U8', [4], 0, 4), b: tensor('U8', [4], 0, 4) }, four),
      /begins at byte 0/,
    ],
    [
      'data beyond the end',
      fileOf({ a: tensor('U8', [8], 0, 8) }, four),
      /has 4 bytes of data, its header describes 8/,
    ],
    [
      'bytes behind the last',
      fileOf({ a: tensor('U8', [4], 0, 4) }, new Uint8Array(5)),
      /has 5 bytes of data, its header describes 4/,
    ],
    [
      'duplicate name that hides a tensor',
      fileOf(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"a":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}',
        new Uint8Array(8),
      ),
      /expected 0/,
    ],
    ['metadata that is no text', fileOf({ __metadata__: { a: 1 } }), /metadata "a" is not a string/],
  ])('%s', async (_, bytes, message) => {
    expect(await rejection(bytes)).toMatch(message)
  })

  it('a tensor named __proto__ is a tensor like any other', async () => {
    const bytes = fileOf('{"__proto__":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}', four)
    expect([...(await decodeSafetensors(bytes)).entries.keys()]).toEqual(['__proto__'])
  })

  it('cut at any place', async () => {
    const bytes = encodeSafetensors(sample)
    for (let length = 0; length < bytes.length; length++) await rejection(bytes.subarray(0, length))
  })

  it('cut after it was opened', async () => {
    const path = join(temporaryFolder(), 'cut.safetensors')
    await writeSafetensors(path, sample)
    const file = await openSafetensors(path)
    writeFileSync(path, readFileSync(path).subarray(0, -20))
    const last = [...file.entries.values()].findLast(({ shape }) => !shape.includes(0))!
    await expect(last.read()).rejects.toThrow(WeightsError)
    await file.close()
  })

  it('missing, or a folder', async () => {
    const folder = temporaryFolder()
    await expect(openSafetensors(join(folder, 'none'))).rejects.toThrow(/none: no such file/)
    await expect(openSafetensors(folder)).rejects.toThrow(WeightsError)
  })
})

it('a file with any bytes changed is read or refused, and never promises more than its size', async () => {
  const bytes = encodeSafetensors(sample, { a: 'b' })
  const change = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }))
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 8 }),
      fc.nat(bytes.length),
      async (changes, cut) => {
        const changed = Uint8Array.from(bytes)
        for (const [position, byte] of changes) changed[position] = byte
        const file = await decodeSafetensors(cut % 4 ? changed : changed.subarray(0, cut)).catch(
          (error: unknown) => {
            expect(error).toBeInstanceOf(WeightsError)
          },
        )
        let elements = 0
        for (const entry of file?.entries.values() ?? []) elements += (await entry.read()).length
        expect(elements).toBeLessThanOrEqual(bytes.length)
      },
    ),
    { numRuns: 2000 },
  )
})
