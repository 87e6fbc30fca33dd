import { readFile, stat } from 'node:fs/promises'
import { isAlias, isMap, isNode, isSeq, LineCounter, type Node, parseDocument, stringify, visit } from 'yaml'
import { ConfigError } from '../../core/errors.js'
import { parsePythonLiteral } from './python-literal.js'
import type { ConfigValue } from './value.js'

/** Larger than a dump of all keys of the reference by an order of magnitude. */
const MAX_BYTES = 2 ** 16

/**
 * Reads a YAML file of the reference: sections to any depth become dotted keys (`OPTIM.LR`), and strings that are
 * Python literals their values, as yacs reads them. Whether a key is known is not asked here.
 *
 * @throws ConfigError when the file is missing, larger than 64 KiB, not YAML, no mapping of sections, or has what no
 *   configuration needs: a key twice, tags, anchors and aliases, several documents
 */
export async function readYaml(path: string): Promise<Map<string, ConfigValue>> {
  const unreadable = (error: Error) => {
    throw new ConfigError(`${path}: cannot be read (${error.message})`, { cause: error })
  }
  const found = await stat(path).catch(unreadable)
  if (!found.isFile()) throw new ConfigError(`${path}: is not a file`, { hint: 'Name a YAML file.' })
  if (found.size > MAX_BYTES) {
    throw new ConfigError(
      `${path}: has ${found.size} bytes, expected a configuration of at most ${MAX_BYTES}`,
    )
  }
  return parseYaml(await readFile(path, 'utf8').catch(unreadable), path)
}

/** {@link readYaml} of a text; `path` is what messages call it. */
export function parseYaml(text: string, path: string): Map<string, ConfigValue> {
  const lines = new LineCounter()
  const refused = (what: string, node?: Node) => {
    const line = node?.range ? `:${lines.linePos(node.range[0]).line}` : ''
    return new ConfigError(`${path}${line}: ${what}`, {
      hint: 'A configuration is a YAML mapping of sections, keys and plain values, such as OPTIM: {LR: 0.0025}.',
    })
  }
  try {
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: true })
    const problem = document.errors[0] ?? document.warnings[0]
    if (problem?.message.includes('call stack')) throw refused('is nested too deep')
    if (problem) throw refused(`is not a plain YAML file: ${problem.message.split('\n')[0]}`)
    visit(document, (_key, node) => {
      if (!isNode(node)) return
      if (isAlias(node) || node.anchor) throw refused('has an anchor or alias', node)
      if (node.tag) throw refused(`has the tag ${node.tag}`, node)
    })
    if (!isMap(document.contents)) throw refused('is not a mapping of sections')
    const values = new Map<string, ConfigValue>()
    flatten(document.toJS({ mapAsMap: true }) as Map<unknown, unknown>, '', values, path)
    return values
  } catch (error) {
    if (error instanceof RangeError) throw refused('is nested too deep')
    throw error
  }
}

function flatten(
  section: Map<unknown, unknown>,
  prefix: string,
  values: Map<string, ConfigValue>,
  path: string,
): void {
  for (const [name, value] of section) {
    // A dot inside a name would pass for a section, and name a key twice.
    if (typeof name !== 'string' || !/^\w{1,64}$/.test(name))
      throw new ConfigError(`${path}: ${prefix || 'the file'} has the key ${JSON.stringify(name)}`, {
        hint: 'Keys are plain names, such as LR in the section OPTIM.',
      })
    const key = prefix ? `${prefix}.${name}` : name
    if (value instanceof Map && value.size > 0) flatten(value, key, values, path)
    else if (!(value instanceof Map)) values.set(key, plain(value, key, path))
  }
}

function plain(value: unknown, key: string, path: string): ConfigValue {
  if (typeof value === 'string') return parsePythonLiteral(value)
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value
  if (Array.isArray(value))
    return value.map((item) => (typeof item === 'string' ? item : plain(item, key, path)))
  throw new ConfigError(`${path}: ${key} has a mapping inside a sequence`, {
    hint: 'Expected a sequence of numbers or words.',
  })
}

/** The values as a YAML file of the reference: dotted keys become sections, sequences stay on one line. */
export function writeYaml(values: ReadonlyMap<string, ConfigValue>): string {
  const root: Record<string, unknown> = {}
  for (const [key, value] of values) {
    const path = key.split('.')
    const last = path.pop()!
    let section = root
    for (const name of path) {
      section[name] ??= {}
      section = section[name] as Record<string, unknown>
    }
    section[last] = value
  }
  const document = parseDocument(stringify(root))
  visit(document, (_key, node) => {
    if (isSeq(node)) node.flow = true
  })
  return document.toString({ lineWidth: 0, flowCollectionPadding: false })
}
