import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Content, MatWriter, matFile } from '../../../../test/support/mat-writer.js'
import { DataError } from '../../../core/errors.js'
import { readMat } from './read-mat.js'

const read = (bytes: Uint8Array) => readMat(bytes, 'a.mat')
const writer = new MatWriter()
const fileOf = (...elements: Buffer[]) => Buffer.concat([writer.header(), ...elements])

const cars: Record<string, Content> = {
  annotations: {
    structs: [
      { class: [14], fname: '00001.jpg' },
      { class: [300], fname: '00002.jpg' },
    ],
  },
  class_names: { cells: ['AM General Hummer SUV 2000', 'Coupé 2012'] },
}

describe('readMat', () => {
  it.each([
    ['plain', {}],
    ['compressed', { compress: true }],
    ['big-endian', { littleEndian: false }],
    ['compressed big-endian', { compress: true, littleEndian: false }],
  ])('reads structures, cells, text and numbers of a %s file', (_, options) => {
    const variables = read(matFile(cars, options))
    expect([...variables.keys()]).toEqual(['annotations', 'class_names'])
    const annotations = variables.get('annotations')
    if (annotations?.kind !== 'structs') throw new Error('no structures')
    expect(annotations.dimensions).toEqual([1, 2])
    expect(annotations.records.map((record) => [...record.keys()])).toEqual([
      ['class', 'fname'],
      ['class', 'fname'],
    ])
    expect(annotations.records[1]!.get('class')).toMatchObject({ values: Float64Array.of(300) })
    expect(annotations.records[1]!.get('fname')).toMatchObject({ kind: 'text', text: '00002.jpg' })
    expect(variables.get('class_names')).toMatchObject({
      kind: 'cells',
      cells: [{ text: 'AM General Hummer SUV 2000' }, { text: 'Coupé 2012' }],
    })
  })

  it('reads the file that SciPy writes', () => {
    // scipy.io.savemat(f, {'labels': np.array([[77, 300]], np.uint16), 'name': 'Coupé'}, do_compression=True)
    const variables = read(Buffer.from(SCIPY, 'base64'))
    expect(variables.get('labels')).toEqual({
      kind: 'numbers',
      dimensions: [1, 2],
      values: Float64Array.of(77, 300),
    })
    expect(variables.get('name')).toMatchObject({ kind: 'text', text: 'Coupé' })
  })

  it('says of complex and sparse arrays and objects what they are instead of reading them', () => {
    const complex = writer.array(6 | 0x0800, [1, 1], 'z', [writer.integers(4, [1]), writer.integers(4, [2])])
    const variables = read(fileOf(complex, writer.array(5, [1, 1], 's', [])))
    expect([...variables.values()].map(({ kind }) => kind)).toEqual(['other', 'other'])
  })

  it('keeps fields called like parts of every object', () => {
    const structs = read(matFile({ a: { structs: [{ constructor: [1], length: [2] }] } })).get('a')
    if (structs?.kind !== 'structs') throw new Error('no structures')
    expect([...structs.records[0]!.keys()]).toEqual(['constructor', 'length'])
  })
})

describe('readMat on damaged and hostile files', () => {
  const nested = (depth: number): Content => (depth === 0 ? [1] : { cells: [nested(depth - 1)] })
  it.each<[string, Buffer, RegExp]>([
    ['an empty file', Buffer.alloc(0), /0 bytes, too short/],
    ['a header without byte order', Buffer.alloc(200), /no mark of the byte order/],
    ['a MATLAB 7.3 file', writer.header(0x0200), /MATLAB 7.3 \(HDF5\)/],
    [
      'an element beyond the end',
      fileOf(writer.element(14, Buffer.alloc(8), 2 ** 31)),
      /2147483648 bytes, but 8/,
    ],
    ['an element of another type', fileOf(writer.integers(5, [1])), /type 5; expected an array/],
    ['absurd dimensions', fileOf(writer.array(6, [65536, 65536], 'x', [])), /65536 x 65536 elements in/],
    ['negative dimensions', fileOf(writer.array(6, [-1, 1], 'x', [])), /dimensions -1 x 1/],
    ['cells that are not there', fileOf(writer.array(1, [1, 16], 'x', [])), /16 arrays, but 0 bytes/],
    [
      'fewer numbers than the dimensions say',
      fileOf(writer.array(6, [1, 3], 'x', [writer.integers(4, [1, 2])])),
      /2 numbers for 1 x 3/,
    ],
    ['deep nesting', matFile({ x: nested(40) }), /deeper than 16/],
    [
      'a variable twice',
      fileOf(writer.matrix([1], 'x'), writer.matrix([2], 'x')),
      /two variables called "x"/,
    ],
    ['damaged compression', fileOf(writer.element(15, Buffer.from('not zlib at all'))), /damaged compressed/],
    [
      'a small file that inflates to a huge one',
      fileOf(writer.element(15, deflateSync(Buffer.alloc(2 ** 26)))),
      /grows beyond 33554432 bytes/,
    ],
    [
      'many small files in one that inflate to a huge one',
      fileOf(...Array.from({ length: 3 }, (_, i) => bomb(i))),
      /grows beyond 33554432 bytes/,
    ],
    ['millions of records without fields', fileOf(manyRecords()), /more than 1000000 arrays/],
    ['millions of empty arrays', fileOf(manyArrays()), /more than 1000000 arrays/],
  ])('refuses %s', (_, bytes, message) => {
    const error = refusal(bytes)
    expect(error.message).toMatch(message)
    expect(error.message).toMatch(/^a\.mat: /)
  })

  it('refuses a file cut off anywhere', () => {
    const whole = matFile(cars)
    const cuts = fc.integer({ min: 0, max: whole.length - 1 }).filter((cut) => cut !== 128)
    fc.assert(
      fc.property(cuts, (cut) => {
        // Between two variables a file may end.
        const variables = attempt(whole.subarray(0, cut))
        expect(variables === undefined || variables.size === 1).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('either reads a file with random bytes in it or says that it cannot', () => {
    const whole = matFile(cars)
    const changes = fc.array(fc.tuple(fc.integer({ min: 124, max: whole.length - 1 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    })
    fc.assert(
      fc.property(changes, (bytes) => {
        const damaged = Buffer.from(whole)
        for (const [place, value] of bytes) damaged[place] = value
        attempt(damaged)
      }),
      { numRuns: 500 },
    )
  })
})

/** The variables; undefined where the file is refused as it should be. */
function attempt(bytes: Uint8Array) {
  try {
    return read(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(DataError)
    return undefined
  }
}

function refusal(bytes: Uint8Array): Error {
  try {
    read(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(DataError)
    return error as Error
  }
  throw new Error('was read')
}

function bomb(i: number): Buffer {
  const zeros = writer.array(9, [1, 12 * 2 ** 20], `x${i}`, [writer.element(2, Buffer.alloc(12 * 2 ** 20))])
  return writer.element(15, deflateSync(zeros))
}

function manyRecords(): Buffer {
  const noFields = [writer.small(5, Buffer.from([32, 0, 0, 0])), writer.element(1, Buffer.alloc(0))]
  const structs = writer.array(2, [1000, 2000], 'x', [...noFields, Buffer.alloc(2_000_000)])
  return writer.element(15, deflateSync(structs))
}

function manyArrays(): Buffer {
  const count = 1_000_001
  const empty = writer.element(14, Buffer.alloc(0))
  return writer.element(15, deflateSync(writer.array(1, [1, count], 'x', [Buffer.alloc(count * 8, empty)])))
}

const SCIPY =
  'TUFUTEFCIDUuMCBNQVQtZmlsZSAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAAAAAAAAAAAAABSU0PAAAALwAAAHic42NgYLAAYjYg5gBibgYIYIXyGYGYCUqD1OQkJqXmFDMwsAChL4MOIwA7YgNsDwAAAC4AAAB4nONjYGCwAGI2IOYAYhYGCGCF8hmhbEagTF5ibqoAVK1zfmnB4ZUMDABGHAUr'
