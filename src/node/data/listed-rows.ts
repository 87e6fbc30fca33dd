import { extname } from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import * as z from 'zod'
import type { Part } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import { openRegular } from '../files/regular-file.js'

/** Limits for lists that others wrote. */
const listLimits = { bytes: 256 * 2 ** 20, rows: 5_000_000, line: 65_536 }

/** One image as a list names it. */
export interface ListedRow {
  /** Line of the file, from 1; of a record that spans lines, the last. */
  readonly line: number
  readonly path: string
  readonly className: string
  readonly part: Part | undefined
}

/** Whether a path is that of a list of images, by its ending. */
export const isListName = (path: string): boolean => Object.hasOwn(readers, extname(path).toLowerCase())

/** Names of the columns and keys, best first. */
const names = {
  path: ['path', 'file', 'image', 'filename', 'file_name', 'image_path', 'file_path', 'filepath'],
  className: ['class', 'label', 'class_name', 'classname', 'category'],
  part: ['split', 'part'],
} as const

const parts: Readonly<Record<string, Part>> = {
  train: 'train',
  val: 'val',
  valid: 'val',
  validation: 'val',
  test: 'test',
}

/**
 * Reads a list of images: CSV (`.csv`, with or without a header) or a JSON object a line (`.jsonl`, `.ndjson`).
 *
 * @throws DataError naming file and line where something is missing or malformed
 */
export async function readListedRows(file: string): Promise<ListedRow[]> {
  const read = Object.hasOwn(readers, extname(file).toLowerCase())
    ? readers[extname(file).toLowerCase()]
    : undefined
  if (read === undefined) {
    throw new DataError(`${file}: expected a list of images that ends in ${listEndings}`)
  }
  const rows = read(await readListText(file), file)
  if (rows.length === 0) throw new DataError(`${file}: lists no images`, { hint })
  const without = rows.find(({ part }) => part === undefined)
  const withPart = rows.find(({ part }) => part !== undefined)
  if (without && withPart) {
    throw at(file, without.line, `has no split, but line ${withPart.line} has one`)
  }
  return rows
}

const hint =
  'Each line is path,class or path,class,split; or {"path": …, "class": …, "split": …} in JSON lines.'

function at(file: string, line: number, problem: string): DataError {
  return new DataError(`${file}, line ${line}: ${problem}`, { hint })
}

/** The text of a list. @throws DataError where it cannot be read */
export async function readListText(file: string): Promise<string> {
  try {
    const handle = await openRegular(file)
    try {
      const { size } = await handle.stat()
      if (size > listLimits.bytes) {
        throw new DataError(
          `${file}: ${size} bytes; lists of at most ${listLimits.bytes / 2 ** 20} MiB are read`,
        )
      }
      return new TextDecoder('utf-8', { fatal: true }).decode(await handle.readFile())
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    const reason = cause instanceof TypeError ? 'is not UTF-8 text' : `cannot be read (${code ?? cause})`
    throw new DataError(`${file}: ${code === 'ENOENT' ? 'does not exist' : reason}`, { cause })
  }
}

/** How lists of images end, for messages. */
export const listEndings = '.csv, .jsonl or .ndjson'

const readers: Readonly<Record<string, (text: string, file: string) => ListedRow[]>> = {
  '.csv': rowsOfCsv,
  '.jsonl': rowsOfJson,
  '.ndjson': rowsOfJson,
}

interface Cells {
  readonly cells: readonly string[]
  readonly line: number
}

function rowsOfCsv(text: string, file: string): ListedRow[] {
  const records = recordsOf(text, file)
  const header = columnsOf(records[0]?.cells ?? [])
  const columns = header ?? { path: 0, className: 1, part: 2 }
  return records.slice(header ? 1 : 0).map(({ cells, line }) => {
    const most = header ? header.count : 3
    if (cells.length > most || cells.length < (header ? header.count : 2)) {
      const expected = header ? `${header.count} as in the header` : '2 or 3'
      throw at(file, line, `${cells.length} columns; expected ${expected}`)
    }
    const cell = (column: number) => (column < 0 ? undefined : cells[column])
    return rowOf(file, line, cell(columns.path), cell(columns.className), cell(columns.part))
  })
}

function recordsOf(text: string, file: string): Cells[] {
  let rows = 0
  try {
    return parse<Cells, string[]>(text, {
      columns: false,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: listLimits.line,
      on_record: (cells: string[], { lines }: { lines: number }) => {
        if (++rows > listLimits.rows) throw at(file, lines, tooMany)
        return { cells, line: lines }
      },
    } as never) as unknown as Cells[]
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    const [, message] = /^[^:]*: (.*)$/s.exec(cause.message) ?? ['', cause.message]
    throw new DataError(`${file}: not valid CSV: ${message}`, { cause, hint })
  }
}

const tooMany = `more than ${listLimits.rows} images`

/** Which column holds what, where the first record is a header: it names a path and a class. */
function columnsOf(cells: readonly string[]) {
  const titles = cells.map((cell) => cell.toLowerCase())
  const find = (known: readonly string[]) =>
    known.map((name) => titles.indexOf(name)).find((i) => i >= 0) ?? -1
  const path = find(names.path)
  const className = find(names.className)
  if (path < 0 || className < 0) return undefined
  return { path, className, part: find(names.part), count: cells.length }
}

/** Why a first line may name no image: it is a header whose words are not known. */
export function headerHint(row: ListedRow): string | undefined {
  if (row.line !== 1 || extname(row.path) !== '') return undefined
  return `If line 1 is a header, name the columns ${choice(names.path)}, and ${choice(names.className)}.`
}

function rowsOfJson(text: string, file: string): ListedRow[] {
  const rows: ListedRow[] = []
  let line = 0
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf('\n', start)
    const end = feed < 0 ? text.length : feed
    const content = text.slice(start, end).trim()
    start = end + 1
    line++
    if (content === '') continue
    if (content.length > listLimits.line) throw at(file, line, `longer than ${listLimits.line} characters`)
    if (rows.length >= listLimits.rows) throw at(file, line, tooMany)
    const object = objectOf(content, file, line)
    const value = (known: readonly string[]) => {
      const key = known.find((name) => object.has(name))
      const found = key === undefined ? undefined : object.get(key)
      if (found === undefined || typeof found === 'string') return found
      throw at(file, line, `"${key}" is ${JSON.stringify(found)}; expected text`)
    }
    const [path, className] = [value(names.path), value(names.className)]
    if (path === undefined) throw at(file, line, `no path; expected a key ${choice(names.path)}`)
    if (className === undefined)
      throw at(file, line, `no class for ${path}; expected a key ${choice(names.className)}`)
    rows.push(rowOf(file, line, path, className, value(names.part)))
  }
  return rows
}

const choice = (keys: readonly string[]): string => `${keys.slice(0, -1).join(', ')} or ${keys.at(-1)}`

function objectOf(content: string, file: string, line: number): Map<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(content)
  } catch (cause) {
    throw at(file, line, `not valid JSON (${(cause as Error).message})`)
  }
  const object = z.record(z.string(), z.unknown()).safeParse(value)
  if (!object.success) throw at(file, line, 'expected a JSON object')
  return new Map(Object.entries(object.data))
}

function rowOf(
  file: string,
  line: number,
  path: string | undefined,
  className: string | undefined,
  split: string | undefined,
): ListedRow {
  if (!path?.trim()) throw at(file, line, 'no path')
  if (!className?.trim()) throw at(file, line, `no class for ${path}`)
  if (split === undefined) return { line, path, className, part: undefined }
  const name = split.trim().toLowerCase()
  if (!Object.hasOwn(parts, name)) {
    throw at(file, line, `split ${JSON.stringify(split)}; expected ${Object.keys(parts).join(', ')}`)
  }
  return { line, path, className, part: parts[name] }
}
