import * as z from 'zod'
import { isBlankName, tidyClassName } from '../../core/clip/templates.js'
import { DataError } from '../../core/errors.js'
import { readRegular } from '../files/regular-file.js'

/** A class folder and the name its class goes by in prompts. */
interface NamedFolder {
  readonly folder: string
  readonly name: string
}

/** What a class is called where it stands on disk: one, and several. */
export type ClassNoun = readonly [one: string, many: string]

/**
 * Class names for the given folders, in their order. Without a file, a folder's name with underscores read as
 * spaces; with one, what it says:
 *
 * - lines of names in class order (one for every folder; empty lines are left out),
 * - lines `folder: name`, lines `folder name` where every line begins with a folder's name, or a JSON object `{"folder": "name"}`, for some or all folders,
 * - a JSON array of names in class order.
 *
 * @throws DataError when the file cannot be read or does not fit the folders, when a name is empty, or when two
 * folders get names that CLIP reads alike (its tokenizer ignores case and runs of spaces)
 *
 * @param what what the user calls a folder, for messages
 */
export async function resolveClassNames(
  folders: readonly string[],
  file?: string,
  what: ClassNoun = ['class folder', 'class folders'],
): Promise<string[]> {
  const given = file === undefined ? new Map<string, string>() : await readNames(file, folders)
  const named = folders.map((folder) => ({ folder, name: tidyClassName(given.get(folder) ?? folder) }))
  checkNames(named, file, what)
  return named.map(({ name }) => name)
}

function checkNames(named: readonly NamedFolder[], file: string | undefined, [one, many]: ClassNoun): void {
  const seen = new Map<string, NamedFolder>()
  for (const entry of named) {
    if (isBlankName(entry.name)) {
      throw new DataError(`${one} "${entry.folder}" gives an empty class name`, {
        hint: 'Rename it, or name the class in a file given with --class-names.',
      })
    }
    const key = entry.name.toLowerCase()
    const other = seen.get(key)
    if (other !== undefined) {
      const where = file === undefined ? '' : ` (with ${file})`
      throw new DataError(
        `${many} "${other.folder}" and "${entry.folder}" have the same class name "${entry.name}"${where}; CLIP cannot tell them apart`,
        { hint: 'Merge them, or give the classes different names with --class-names.' },
      )
    }
    seen.set(key, entry)
  }
}

/**
 * A list of class names out of a file: a line each, or a JSON array.
 *
 * @throws DataError when the file cannot be read or a name is empty or named twice
 */
export async function readClassList(file: string): Promise<string[]> {
  const text = await readText(file)
  const names = /^\s*\[/.test(text)
    ? listOfJson(text, file)
    : text.split(/\r?\n/).filter((line) => line.trim() !== '')
  const tidy = names.map(tidyClassName)
  const wrong = tidy.findIndex((name, i) => isBlankName(name) || tidy.indexOf(name) !== i)
  if (tidy.length > 0 && wrong < 0) return tidy
  throw new DataError(
    tidy.length === 0
      ? `class names ${file}: there are none`
      : `class names ${file}: "${tidy[wrong]}" is ${isBlankName(tidy[wrong]!) ? 'empty' : 'named twice'}`,
    { hint: 'Name each class on a line of its own.' },
  )
}

function listOfJson(text: string, file: string): string[] {
  const names = z.array(z.string()).safeParse(jsonOf(text, file))
  if (names.success) return names.data
  throw new DataError(`class names ${file}: expected a list of names`)
}

async function readNames(file: string, folders: readonly string[]): Promise<Map<string, string>> {
  const text = await readText(file)
  return /^\s*[{[]/.test(text) ? fromJson(text, file, folders) : fromLines(text, file, folders)
}

async function readText(file: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readRegular(file))
  } catch (cause) {
    const reason =
      cause instanceof TypeError ? 'not UTF-8 text' : ((cause as NodeJS.ErrnoException).code ?? cause)
    throw new DataError(`class names ${file}: cannot be read (${reason})`, { cause })
  }
}

const jsonNames = z.union([z.array(z.string()), z.record(z.string(), z.string())])

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DataError(`class names ${file}: not valid JSON (${(cause as Error).message})`, { cause })
  }
}

function fromJson(text: string, file: string, folders: readonly string[]): Map<string, string> {
  const names = jsonNames.safeParse(jsonOf(text, file))
  if (!names.success) {
    throw new DataError(`class names ${file}: expected a list of names or an object {"folder": "name"}`)
  }
  return Array.isArray(names.data)
    ? inClassOrder(names.data, file, folders)
    : byFolder(Object.entries(names.data), file, folders)
}

function fromLines(text: string, file: string, folders: readonly string[]): Map<string, string> {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => line.trim() !== '')
  const pairs = lines.map((line) => splitAtColon(line))
  // A name may hold a colon of its own: lines are pairs only where a folder stands before one.
  if (!pairs.some((pair) => pair !== undefined && folders.includes(pair[0]))) {
    const worded = lines.map(splitAtSpace)
    if (worded.every((pair) => pair !== undefined && folders.includes(pair[0]))) {
      return byFolder(worded as [string, string][], file, folders)
    }
    return inClassOrder(lines, file, folders)
  }
  return byFolder(
    pairs.map((pair, i) => {
      if (pair !== undefined) return pair
      throw new DataError(
        `class names ${file}: "${lines[i]}" is not of the form "folder: name" as other lines are`,
      )
    }),
    file,
    folders,
  )
}

function splitAtColon(line: string): [folder: string, name: string] | undefined {
  const colon = line.indexOf(':')
  return colon < 0 ? undefined : [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}

/** As CoOp's lists for ImageNet have it: `n01440764 tench`. */
function splitAtSpace(line: string): [folder: string, name: string] | undefined {
  const [, folder, name] = /^(\S+)\s+(\S.*)$/.exec(line.trim()) ?? []
  return folder === undefined ? undefined : [folder, name!]
}

function inClassOrder(
  names: readonly string[],
  file: string,
  folders: readonly string[],
): Map<string, string> {
  if (names.length !== folders.length) {
    throw new DataError(`class names ${file}: ${names.length} names for ${folders.length} class folders`, {
      hint: 'Write one name per line in the order of the sorted folders, or lines "folder: name".',
    })
  }
  return new Map(folders.map((folder, i) => [folder, names[i]!]))
}

function byFolder(
  pairs: readonly (readonly [folder: string, name: string])[],
  file: string,
  folders: readonly string[],
): Map<string, string> {
  const names = new Map<string, string>()
  for (const [folder, name] of pairs) {
    if (!folders.includes(folder)) {
      throw new DataError(`class names ${file}: there is no class folder "${folder}"`, {
        hint: `Class folders: ${folders.slice(0, 10).join(', ')}${folders.length > 10 ? ', …' : ''}`,
      })
    }
    if (names.has(folder)) throw new DataError(`class names ${file}: folder "${folder}" is named twice`)
    names.set(folder, name)
  }
  return names
}
