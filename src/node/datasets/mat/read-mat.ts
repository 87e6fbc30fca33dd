import { inflateSync } from 'node:zlib'
import { DataError } from '../../../core/errors.js'
import { type Element, ElementReader, MatProblem, numbersOf, storage, textOf } from './element-reader.js'
import type { MatValue } from './mat-values.js'

export type MatVariables = ReadonlyMap<string, MatValue>

/** Most bytes of a file, and that all its compressed variables together may grow to. Annotations take some megabytes. */
export const largestMat = 2 ** 25
/** An empty array takes 8 bytes in a file and far more in memory. */
const mostArrays = 1_000_000
const deepest = 16

const classes = { cell: 1, struct: 2, char: 4, firstNumeric: 6, lastNumeric: 15 } as const
const complexFlag = 0x0800

/**
 * Reads the variables of a MATLAB level 5 file (MATLAB 5 to 7.2, and `save -v7`): numbers, text, cells and structures,
 * compressed or not, of either byte order. MathWorks, "MAT-File Format", chapter 1.
 *
 * @param name what to call the file in messages
 * @throws DataError when it is of another format, cut off, damaged, nested deeper than 16 levels or larger than 32 MiB
 */
export function readMat(bytes: Uint8Array, name: string): MatVariables {
  try {
    return new MatReader(bytes).read()
  } catch (cause) {
    if (!(cause instanceof MatProblem)) throw cause
    throw new DataError(`${name}: ${cause.message}; expected a MATLAB 5 file`, {
      cause,
      hint: 'Download the file again; in MATLAB, `save -v7` writes this format.',
    })
  }
}

class MatReader {
  private readonly littleEndian: boolean
  private budget = largestMat
  private arrays = 0

  constructor(private readonly bytes: Uint8Array) {
    if (bytes.length < 128) throw new MatProblem(`${bytes.length} bytes, too short for a header`)
    const mark = String.fromCharCode(bytes[126]!, bytes[127]!)
    if (mark !== 'IM' && mark !== 'MI') throw new MatProblem('no mark of the byte order in the header')
    this.littleEndian = mark === 'IM'
    const version = new DataView(bytes.buffer, bytes.byteOffset).getUint16(124, this.littleEndian)
    if (version === 0x0200) throw new MatProblem('a MATLAB 7.3 (HDF5) file')
    if (version !== 0x0100) throw new MatProblem(`version ${version}`)
  }

  read(): MatVariables {
    const variables = new Map<string, MatValue>()
    const elements = this.elements(this.bytes.subarray(128))
    while (elements.left > 0) {
      const element = elements.next()
      const { name, value } = this.matrix(
        element.type === storage.compressed ? this.inflate(element) : element,
        0,
      )
      if (variables.has(name)) throw new MatProblem(`two variables called "${name}"`)
      variables.set(name, value)
    }
    return variables
  }

  private elements(bytes: Uint8Array): ElementReader {
    return new ElementReader(bytes, this.littleEndian)
  }

  private inflate({ data }: Element): Element {
    try {
      const inflated = inflateSync(data, { maxOutputLength: this.budget })
      this.budget = Math.max(1, this.budget - inflated.length)
      return this.elements(inflated).next()
    } catch (cause) {
      if (cause instanceof MatProblem) throw cause
      const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      throw new MatProblem(
        tooLarge ? `grows beyond ${largestMat} bytes when inflated` : `damaged compressed data (${cause})`,
      )
    }
  }

  private matrix({ type, data }: Element, depth: number): { name: string; value: MatValue } {
    if (type !== storage.matrix) throw new MatProblem(`data element of type ${type}; expected an array`)
    this.count(1)
    if (depth > deepest) throw new MatProblem(`arrays nested deeper than ${deepest} levels`)
    if (data.length === 0) return { name: '', value: { kind: 'numbers', dimensions: [0, 0], values: [] } }
    const parts = this.elements(data)
    const flags = this.numbers(parts.next())[0] ?? 0
    const kind = flags & 0xff
    // Newer kinds (function handles, objects of classes) have no dimensions here.
    if (kind > classes.lastNumeric) return { name: '', value: other(kind, []) }
    const dimensions = [...this.numbers(parts.next())]
    const name = textOf(parts.next(), this.littleEndian)
    const count = elementCount(dimensions, data.length)
    if (kind === classes.cell) {
      return { name, value: { kind: 'cells', dimensions, cells: this.matrices(parts, count, depth) } }
    }
    if (kind === classes.struct) return { name, value: this.structs(parts, dimensions, count, depth) }
    if (kind === classes.char) {
      const text = count === 0 ? '' : textOf(parts.next(), this.littleEndian)
      return { name, value: { kind: 'text', dimensions, text } }
    }
    if (kind < classes.firstNumeric || flags & complexFlag) return { name, value: other(kind, dimensions) }
    const values = count === 0 ? new Float64Array() : this.numbers(parts.next())
    if (values.length !== count)
      throw new MatProblem(`${values.length} numbers for ${dimensions.join(' x ')}`)
    return { name, value: { kind: 'numbers', dimensions, values } }
  }

  private matrices(parts: ElementReader, count: number, depth: number): MatValue[] {
    if (count * 8 > parts.left)
      throw new MatProblem(`${count} arrays, but ${parts.left} bytes are left for them`)
    return Array.from({ length: count }, () => this.matrix(parts.next(), depth + 1).value)
  }

  private structs(parts: ElementReader, dimensions: number[], count: number, depth: number): MatValue {
    const width = this.numbers(parts.next())[0] ?? 0
    const text = textOf(parts.next(), this.littleEndian)
    const fieldCount = text === '' ? 0 : text.length / width
    if (!(Number.isInteger(width) && width >= 0 && Number.isInteger(fieldCount))) {
      throw new MatProblem(`field names of ${width} characters each in ${text.length}`)
    }
    const fields = Array.from({ length: fieldCount }, (_, i) =>
      text.slice(i * width, (i + 1) * width).replace(/\0[\s\S]*$/, ''),
    )
    this.count(count)
    const values = this.matrices(parts, count * fields.length, depth)
    const records = Array.from(
      { length: count },
      (_, i) => new Map(fields.map((field, j) => [field, values[i * fields.length + j]!] as const)),
    )
    return { kind: 'structs', dimensions, records }
  }

  private count(arrays: number): void {
    this.arrays += arrays
    if (this.arrays > mostArrays) throw new MatProblem(`more than ${mostArrays} arrays`)
  }

  private numbers(element: Element): Float64Array {
    return numbersOf(element, this.littleEndian)
  }
}

/** How many elements an array has; more than its bytes could hold are refused before anything is allocated. */
function elementCount(dimensions: readonly number[], bytes: number): number {
  if (dimensions.length < 2 || dimensions.some((size) => !Number.isInteger(size) || size < 0)) {
    throw new MatProblem(`dimensions ${dimensions.slice(0, 8).join(' x ') || 'missing'}`)
  }
  const count = dimensions.reduce((product, size) => product * size, 1)
  if (!(count <= bytes)) throw new MatProblem(`${dimensions.join(' x ')} elements in ${bytes} bytes`)
  return count
}

function other(kind: number, dimensions: readonly number[]): MatValue {
  return { kind: 'other', dimensions, what: `array class ${kind}` }
}
