import { stat } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import { parse as parseYaml } from 'yaml'
import * as z from 'zod'
import type { Part } from '../../core/data/dataset.js'
import { DataError } from '../../core/errors.js'
import { readClassList } from './class-names.js'
import { checkedRows, datasetOfRows, type ListedDataset, type ListedFileOptions } from './listed-file.js'
import { type ListedRow, readListText } from './listed-rows.js'

/** Whether a path is that of a file that names numbered lists, by its ending. */
export const isNumberedLists = (path: string): boolean => /\.ya?ml$/i.test(path)

/** A path, or several. */
const paths = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((given) => (given === undefined ? [] : [given].flat()).filter((path) => path !== ''))

const content = z.object({
  DATA: z.object({
    ROOT: z.string().optional(),
    TRAIN_FILE: paths,
    VAL_FILE: paths,
    TEST_FILE: paths,
    LABEL_LIST: paths,
  }),
})

const form =
  'A file of lists reads DATA: {ROOT: videos, TRAIN_FILE: train.txt, VAL_FILE: val.txt, LABEL_LIST: labels.csv}.'

/**
 * Opens the lists that a YAML file names, as the configurations of ViFi-CLIP and X-CLIP do: `TRAIN_FILE` and `VAL_FILE` of
 * lines `path label`, `LABEL_LIST` with the name of each label, `ROOT` that the paths are below. What `VAL_FILE` lists is
 * measured, unless there is a `TEST_FILE`. What else the file holds is not looked at. Nothing is decoded yet.
 *
 * Each of the lists may be several, and then belongs to the class file in the same place: base and novel classes, whose lists
 * are published apart, make one data set in which the novel ones are numbered behind the base ones, those of the first file.
 *
 * @param file its relative paths are those from its folder, or from the nearest folder above that has them
 * @throws DataError naming file, line, what was found and what was expected
 */
export async function openNumberedLists(
  file: string,
  options: ListedFileOptions = {},
): Promise<ListedDataset> {
  const { DATA } = await readContent(file)
  const labelFiles = await Promise.all(
    DATA.LABEL_LIST.map((path) => placed(file, { key: 'LABEL_LIST', path })),
  )
  if (labelFiles.length === 0) throw new DataError(`${file}: names no LABEL_LIST`, { hint: form })
  const root = options.root ?? (await rootOf(file, DATA.ROOT))
  const classes = await Promise.all(labelFiles.map(readLabels))
  const measured = DATA.TEST_FILE.length > 0
  const parts: readonly [key: 'TRAIN_FILE' | 'VAL_FILE' | 'TEST_FILE', part: Part][] = [
    ['TRAIN_FILE', 'train'],
    ['VAL_FILE', measured ? 'val' : 'test'],
    ['TEST_FILE', 'test'],
  ]
  const listed: Awaited<ReturnType<typeof checkedRows>>[] = []
  for (const [key, part] of parts) {
    const lists = DATA[key]
    if (lists.length > classes.length) {
      throw new DataError(
        `${file}: ${lists.length} lists of ${key}, but ${classes.length} of LABEL_LIST; expected a class file for each`,
        { hint: form },
      )
    }
    for (const [place, path] of lists.entries()) {
      const list = await placed(file, { key, path })
      const labels = { names: classes[place]!, file: labelFiles[place]! }
      listed.push(await checkedRows(list, root, await readList(list, part, labels), options))
    }
  }
  const rows = listed.flatMap((each) => each.rows)
  if (rows.length === 0) throw new DataError(`${file}: names no list of clips`, { hint: form })
  const warnings = listed.flatMap((each) => each.warnings)
  const dataset = await datasetOfRows({ file, root, classes: classes.flat(), rows, warnings }, options)
  return {
    ...dataset,
    ...(classes.length > 1 ? { baseClasses: classes[0]!.length } : {}),
    // Classes that no list is to train, such as novel ones, are no accident.
    warnings: dataset.warnings.filter(
      ({ kind }) => kind !== 'no-training-images' || DATA.TRAIN_FILE.length === classes.length,
    ),
  }
}

async function readContent(file: string): Promise<z.infer<typeof content>> {
  let value: unknown
  try {
    value = parseYaml(await readListText(file))
  } catch (cause) {
    if (cause instanceof DataError) throw cause
    throw new DataError(`${file}: not valid YAML (${(cause as Error).message.split('\n')[0]})`, { cause })
  }
  const read = content.safeParse(value)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw new DataError(`${file}${path.length > 0 ? `, ${path.join('.')}` : ''}: ${message}`, { hint: form })
}

const isThere = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined

/** Where a path of the file leads; undefined where it leads nowhere. */
async function found(file: string, path: string): Promise<string | undefined> {
  for (let folder = dirname(resolve(file)); ; folder = dirname(folder)) {
    const full = resolve(folder, path)
    if (await isThere(full)) return full
    if (folder === dirname(folder)) return undefined
  }
}

async function placed(
  file: string,
  { key, path }: { readonly key: string; readonly path: string },
): Promise<string> {
  const full = await found(file, path)
  if (full !== undefined) return full
  throw new DataError(`${file}: ${key} ${path} does not exist`, {
    hint: `Expected in ${dirname(file)} or a folder above it.`,
  })
}

/** The folder that listed paths are below. */
async function rootOf(file: string, path: string | undefined): Promise<string> {
  const full = path ? await found(file, path) : dirname(file)
  if (full !== undefined) return full
  throw new DataError(`${file}: ROOT ${path} does not exist`, {
    hint: 'Say where the videos are: --root FOLDER.',
  })
}

/**
 * The names of a class file in the order of their numbers: CSV with the columns `id` and `name`, or of another ending what
 * {@link readClassList} reads.
 */
async function readLabels(file: string): Promise<readonly string[]> {
  if (extname(file).toLowerCase() !== '.csv') return readClassList(file)
  const hint = 'The first line is id,name; those below are 0,walking and so on.'
  const [head, ...records] = csvOf(await readListText(file), file, hint)
  const titles = head?.record.map((title) => title.toLowerCase()) ?? []
  const [id, name] = [titles.indexOf('id'), titles.indexOf('name')]
  if (id < 0 || name < 0) {
    throw new DataError(`${file}, line 1: ${JSON.stringify(head?.record.join() ?? '')}; expected id,name`, {
      hint,
    })
  }
  const names: string[] = []
  for (const { record, line } of records) {
    const number = record[id] ?? ''
    if (!/^\d+$/.test(number) || Number(number) >= records.length || names[Number(number)] !== undefined) {
      const expected = `each number from 0 to ${records.length - 1} once`
      throw new DataError(`${file}, line ${line}: id ${JSON.stringify(number)}; expected ${expected}`, {
        hint,
      })
    }
    names[Number(number)] = record[name] ?? ''
  }
  if (names.length === 0) throw new DataError(`${file}: names no classes`, { hint })
  return names
}

function csvOf(text: string, file: string, hint: string): { record: string[]; line: number }[] {
  try {
    const options = { relax_column_count: true, skip_empty_lines: true, trim: true, info: true } as const
    const records = parse(text, options) as unknown as { record: string[]; info: { lines: number } }[]
    return records.map(({ record, info }) => ({ record, line: info.lines }))
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    throw new DataError(`${file}: not valid CSV: ${cause.message}`, { cause, hint })
  }
}

/** Lines `path label`; a path may hold spaces. */
async function readList(
  file: string,
  part: Part,
  labels: { readonly names: readonly string[]; readonly file: string },
): Promise<ListedRow[]> {
  const rows: ListedRow[] = []
  for (const [i, content] of (await readListText(file)).split(/\r\n|\r|\n/).entries()) {
    const text = content.trim()
    if (text === '') continue
    const problem = (what: string, expected: string) =>
      new DataError(`${file}, line ${i + 1}: ${what}; expected ${expected}`, {
        hint: 'Each line is a path and the number of its class, such as archery/a.mp4 7.',
      })
    const [, path, label] = /^(.+?)\s+(\d+)$/.exec(text) ?? []
    if (path === undefined)
      throw problem(JSON.stringify(text.slice(0, 100)), 'a path and the number of its class')
    const className = labels.names[Number(label)]
    if (className === undefined) {
      throw problem(`label ${label}`, `0 to ${labels.names.length - 1}, as in ${labels.file}`)
    }
    rows.push({ line: i + 1, path, className, part })
  }
  if (rows.length === 0) throw new DataError(`${file}: lists nothing`)
  return rows
}
