import * as z from 'zod'
import { isBlankName, readableClassName } from '../clip/templates.js'
import { DataError } from '../errors.js'
import { sha256 } from '../hash.js'
import { nearestNames } from '../suggest.js'
import type { Dataset, Descriptions } from './dataset.js'

/** Sentences by the name of the class that they are about, in a file's order. */
export type ClassSentences = ReadonlyMap<string, readonly string[]>

/** Classes named in a message before the rest is counted. */
const NAMED = 3

const HINT = 'Write {"class name": ["a sentence about it.", …], …}.'

/** An object whose values are lists of sentences, as ProText's files are. */
const schema = z.record(
  z.string(),
  z.array(z.string().refine((text) => text.trim() !== '', 'an empty sentence')).min(1, 'an empty list'),
)

/**
 * The sentences of a JSON file: an object, a key a class, with a list of sentences each (the form of ProText's and CuPL's files).
 *
 * @param source what messages call it
 * @throws DataError when it is no JSON, of another form, names no class, or one class twice
 */
export function parseDescriptions(text: string, source: string): ClassSentences {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (cause) {
    throw new DataError(`${source} is not JSON (${(cause as Error).message})`, { cause, hint: HINT })
  }
  const parsed = schema.safeParse(found)
  if (!parsed.success) throw otherForm(source, found, parsed.error.issues[0]!)
  const keys = keysOf(text)
  if (keys.length === 0) throw new DataError(`${source} describes no class`, { hint: HINT })
  const known = new Map<string, string>()
  for (const key of keys) {
    const alike = known.get(comparable(key))
    if (isBlankName(key) || !Object.hasOwn(parsed.data, key))
      throw new DataError(`${source}: a class has no name`, { hint: HINT })
    if (alike !== undefined) {
      const twice = alike === key ? `"${key}" twice` : `"${alike}" and "${key}", which name one class`
      throw new DataError(`${source} has ${twice}`, { hint: 'Put the sentences of a class into one list.' })
    }
    known.set(comparable(key), key)
  }
  return new Map(keys.map((key) => [key, parsed.data[key]!]))
}

/**
 * A data set with what was written about its classes. Names are compared as ProText does: in lower case, underscores as spaces.
 *
 * @throws DataError when a class of the file is none of the data set's
 */
export function withDescriptions(dataset: Dataset, sentences: ClassSentences, source: string): Dataset {
  const { name, classNames } = dataset
  const classes = new Set(classNames.map(comparable))
  const unknown = [...sentences.keys()].filter((key) => !classes.has(comparable(key)))
  if (unknown.length > 0) {
    const near = nearestNames(unknown[0]!, classNames)
    throw new DataError(
      `${source} describes ${listed(unknown)}, which ${unknown.length === 1 ? 'is no class' : 'are no classes'} of ${name}`,
      {
        hint:
          near.length > 0
            ? `Did you mean ${near.join(' or ')}?`
            : `Remove ${unknown.length === 1 ? 'it' : 'them'}; the classes of ${name} are ${listed(classNames)}.`,
      },
    )
  }
  const byName = new Map([...sentences].map(([key, texts]) => [comparable(key), texts]))
  return {
    ...dataset,
    descriptions: {
      source,
      sentences: classNames.map((className) => byName.get(comparable(className)) ?? []),
    },
  }
}

/** The data set that descriptions are by themselves: its classes, and no image. */
export function describedClasses(sentences: ClassSentences, name: string, source: string): Dataset {
  const classNames = [...sentences.keys()].map((key) => readableClassName(key))
  return withDescriptions({ name, classNames, train: [], val: [], test: [] }, sentences, source)
}

/**
 * Sentences to learn from: each with the class that it is about.
 *
 * @throws DataError when there are none, or nothing was written about a class
 */
export function labelledSentences({ name, classNames, descriptions }: Dataset): {
  readonly texts: readonly string[]
  readonly labels: Int32Array
} {
  if (!descriptions) {
    throw new DataError(`${name} comes without descriptions of its classes`, {
      hint: 'Name a JSON file of them with --texts.',
    })
  }
  const without = classNames.filter((_, c) => descriptions.sentences[c]!.length === 0)
  if (without.length > 0) {
    throw new DataError(
      `${descriptions.source} describes ${classNames.length - without.length} of ${classNames.length} classes of ${name}; ${listed(without)} ${without.length === 1 ? 'is' : 'are'} missing`,
      { hint: 'Add sentences about every class that is trained.' },
    )
  }
  const texts = descriptions.sentences.flat()
  const labels = descriptions.sentences.flatMap((sentences, label) => sentences.map(() => label))
  return { texts, labels: Int32Array.from(labels) }
}

/** SHA-256 of sentences, by which they are told from others. */
export const descriptionsHash = ({ sentences }: Descriptions): Promise<string> =>
  sha256([new TextEncoder().encode(JSON.stringify(sentences))])

const comparable = (name: string): string => readableClassName(name).trim().toLowerCase()

function listed(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).map((name) => `"${name}"`)
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  return shown.join(', ') + more
}

function otherForm(source: string, found: unknown, issue: z.core.$ZodIssue): DataError {
  const [className, place] = issue.path
  const value = issue.path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
    found,
  )
  const what = issue.code === 'invalid_type' ? kindOf(value) : issue.message
  if (className === undefined) {
    return new DataError(`${source} holds ${what}; expected an object with a list of sentences a class`, {
      hint: HINT,
    })
  }
  const where =
    place === undefined ? `"${String(className)}"` : `"${String(className)}", entry ${Number(place) + 1}`
  const expected = place === undefined ? 'a list of sentences' : 'a sentence'
  return new DataError(`${source}: ${where} is ${what}; expected ${expected}`, { hint: HINT })
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'number' ? 'a number' : `${value}`
}

/** The keys of a JSON object in the order of its text, one that stands twice twice: parsed, the last would hide the others. */
function keysOf(json: string): string[] {
  const keys: string[] = []
  let depth = 0
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
    else if (depth === 1 && token.endsWith(':')) keys.push(JSON.parse(token.slice(0, -1)) as string)
  }
  return keys
}
