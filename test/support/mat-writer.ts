import { deflateSync } from 'node:zlib'

/** What {@link matFile} can write: text, whole numbers, cells, and structures (a row of records). */
export type Content = string | readonly number[] | { readonly cells: readonly Content[] } | StructRow
interface StructRow {
  readonly structs: readonly Readonly<Record<string, Content>>[]
}

export interface MatOptions {
  readonly compress?: boolean
  readonly littleEndian?: boolean
}

/** Writes MATLAB 5 files for tests: rows of values, numbers as 16-bit integers of class double. */
export function matFile(variables: Readonly<Record<string, Content>>, options: MatOptions = {}): Buffer {
  const { compress = false, littleEndian = true } = options
  const writer = new MatWriter(littleEndian)
  const arrays = Object.entries(variables).map(([name, value]) => writer.matrix(value, name))
  return Buffer.concat([
    writer.header(),
    ...arrays.map((array) => (compress ? writer.element(15, deflateSync(array)) : array)),
  ])
}

/** The pieces of a file, for tests that put them together wrongly. */
export class MatWriter {
  constructor(private readonly littleEndian = true) {}

  header(version = 0x0100): Buffer {
    const header = Buffer.alloc(128, ' ')
    header.write('MATLAB 5.0 MAT-file, written by a test')
    header.fill(0, 116)
    this.put(header, version, 124, 2)
    header.write(this.littleEndian ? 'IM' : 'MI', 126, 'latin1')
    return header
  }

  element(type: number, data: Uint8Array, size = data.length): Buffer {
    const tag = Buffer.alloc(8)
    this.put(tag, type, 0, 4)
    this.put(tag, size, 4, 4)
    const padding = type === 15 ? 0 : (8 - (data.length % 8)) % 8
    return Buffer.concat([tag, data, Buffer.alloc(padding)])
  }

  /** An element of at most 4 bytes, in the short form. */
  small(type: number, data: Uint8Array): Buffer {
    const element = Buffer.alloc(8)
    this.put(element, (data.length << 16) | type, 0, 4)
    element.set(data, 4)
    return element
  }

  integers(type: 4 | 5 | 6, values: readonly number[]): Buffer {
    const bytes = type === 4 ? 2 : 4
    const data = Buffer.alloc(values.length * bytes)
    values.forEach((value, i) => {
      this.put(data, value, i * bytes, bytes)
    })
    return this.element(type, data)
  }

  /** An array element with a class, dimensions and what follows its name. */
  array(kind: number, dimensions: readonly number[], name: string, content: readonly Buffer[]): Buffer {
    return this.element(
      14,
      Buffer.concat([
        this.integers(6, [kind, 0]),
        this.integers(5, dimensions),
        this.element(1, Buffer.from(name)),
        ...content,
      ]),
    )
  }

  matrix(value: Content, name = ''): Buffer {
    if (typeof value === 'string') {
      return this.array(4, [1, value.length], name, [
        this.integers(
          4,
          Array.from(value, (character) => character.charCodeAt(0)),
        ),
      ])
    }
    if ('cells' in value) {
      const cells = value.cells.map((cell) => this.matrix(cell))
      return this.array(1, [1, cells.length], name, cells)
    }
    if ('structs' in value) return this.structs(value, name)
    return this.array(6, [1, value.length], name, [this.integers(4, value)])
  }

  private structs({ structs }: StructRow, name: string): Buffer {
    const fields = Object.keys(structs[0] ?? {})
    const width = 32
    const width4 = Buffer.alloc(4)
    this.put(width4, width, 0, 4)
    const names = Buffer.concat(fields.map((field) => Buffer.concat([Buffer.from(field)], width)))
    return this.array(2, [1, structs.length], name, [
      this.small(5, width4),
      this.element(1, names),
      ...structs.flatMap((record) => fields.map((field) => this.matrix(record[field]!))),
    ])
  }

  private put(target: Buffer, value: number, offset: number, bytes: number): void {
    if (this.littleEndian) target.writeUIntLE(value >>> 0, offset, bytes)
    else target.writeUIntBE(value >>> 0, offset, bytes)
  }
}
