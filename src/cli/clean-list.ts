import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import * as z from 'zod'
import type { Action, Examination, Finding } from '../core/curate/findings.js'
import { ConfigError, DataError } from '../core/errors.js'
import { nearestNames } from '../core/suggest.js'
import { csvLine } from '../lab/results/formats/csv.js'
import { actionText, problemText } from '../pages/problem-words.js'

const columns = ['image', 'action', 'problems', 'class', 'likely', 'part', 'group'] as const
type Row = Record<(typeof columns)[number], string | number | null>

/** What a person has agreed to for a picture. */
export interface AgreedAction {
  /** As the list names it. */
  readonly image: string
  readonly action: Action
  /** Tell an image from itself where the data lists it more than once. */
  readonly className?: string | undefined
  readonly part?: string | undefined
}

/** Whether a list is JSON, by its ending. @throws ConfigError for another ending than those of JSON and CSV */
export function isJsonList(file: string): boolean {
  const ending = extname(file).toLowerCase()
  if (ending === '.json' || ending === '.csv') return ending === '.json'
  throw new ConfigError(`${file}: expected a list that ends in .csv or .json`)
}

/** The pictures that have a problem, a row each, with the advice in the column `action`, which is there to be edited. */
export function findingRows(examination: Examination, findings: readonly Finding[]): Row[] {
  const { pictures, classNames } = examination
  const groups = new Map(
    examination.groups.flatMap(({ images }, g) => images.map((i) => [i, g + 1] as const)),
  )
  return findings.map(({ picture, problems, advice }) => {
    const { name, label, part } = pictures[picture]!
    const doubt = problems.find((each) => each.kind === 'label')
    return {
      image: name,
      action: actionText(advice, classNames),
      problems: problems.map((each) => problemText(examination, picture, each)).join('; '),
      class: classNames[label]!,
      likely: doubt ? classNames[doubt.likely]! : null,
      part,
      group: groups.get(picture) ?? null,
    }
  })
}

/** The rows as a file: CSV, or a JSON array. */
export function listText(json: boolean, rows: readonly Row[]): string {
  if (json) return `${JSON.stringify(rows, null, 1)}\n`
  return [columns, ...rows.map((row) => columns.map((column) => row[column]))].map(csvLine).join('')
}

const listed = z.array(
  z.looseObject({
    image: z.string(),
    action: z.string(),
    class: z.string().nullish(),
    part: z.string().nullish(),
  }),
)

/** A text without what spreadsheets are kept from computing it by. */
export const unguarded = (text: string): string => text.replace(/^'(?=[=+\-@\t\r])/, '')

/**
 * Reads a list that was edited. Columns may be in any order, and all but `image` and `action` may be missing.
 *
 * @throws DataError naming the row where something is missing or an action is not known
 */
export async function readActions(file: string, classNames: readonly string[]): Promise<AgreedAction[]> {
  const json = isJsonList(file)
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new DataError(
      `${file}: ${cause.code === 'ENOENT' ? 'does not exist' : `cannot be read (${cause.code})`}`,
      {
        hint: 'Write a list with `promptsrc clean DATA --list FILE`, and edit its column action.',
        cause,
      },
    )
  })
  const found = listed.safeParse(json ? jsonOf(file, text) : rowsOf(file, text))
  if (!found.success) {
    throw new DataError(`${file}: expected rows with image and action`, {
      hint: 'Its first line names the columns: image,action. In JSON: [{"image": …, "action": …}].',
    })
  }
  return found.data.map(({ image, action, class: className, part }, i) => ({
    image,
    ...(className ? { className: unguarded(className) } : {}),
    ...(part ? { part } : {}),
    action: actionOf(action, classNames, `${file}, ${json ? 'entry' : 'row'} ${i + 1} (${image})`),
  }))
}

function jsonOf(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DataError(`${file}: not valid JSON (${(cause as Error).message})`, { cause })
  }
}

function rowsOf(file: string, text: string): unknown {
  try {
    const [first = ''] = text.split('\n', 1)
    // Spreadsheets of some countries separate by semicolons.
    const delimiter = first.includes(';') && !first.includes(',') ? ';' : ','
    return parse(text, { columns: true, bom: true, skip_empty_lines: true, delimiter })
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause
    throw new DataError(`${file}: not valid CSV: ${cause.message}`, { cause })
  }
}

function actionOf(text: string, classNames: readonly string[], where: string): Action {
  const action = text.trim().replace(/\s+/g, ' ')
  const word = action.toLowerCase()
  if (word === 'keep' || word === 'remove') return { kind: word }
  if (!word.startsWith('move to ')) {
    throw new DataError(`${where}: action ${JSON.stringify(text)}; expected keep, remove or move to CLASS`)
  }
  const className = action.slice('move to '.length)
  const label = classNames.indexOf(className)
  if (label >= 0) return { kind: 'move', label }
  const near = nearestNames(className, classNames)
  throw new DataError(`${where}: there is no class ${JSON.stringify(className)}`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : `There are ${classNames.slice(0, 20).join(', ')}.`,
  })
}
