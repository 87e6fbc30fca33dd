import { stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { ConfigError } from '../../core/errors.js'
import { nearestNames } from '../../core/suggest.js'
import { publishedConfigs } from './published.js'
import { parsePythonLiteral } from './python-literal.js'
import type { ConfigValue } from './value.js'
import { readYaml } from './yaml.js'

/** Values by dotted key, and which of them the user wrote rather than a published configuration. */
export interface GivenValues {
  readonly values: ReadonlyMap<string, ConfigValue>
  readonly written: ReadonlySet<string>
  /** Which of these by `KEY value` pairs rather than in a file. */
  readonly paired: ReadonlySet<string>
}

/**
 * Lays the values of files and published configurations over each other, later over earlier, and `KEY value` pairs
 * over all.
 *
 * @throws ConfigError when a source is neither a file nor published, a file is no configuration, or a pair lacks its value
 */
export async function readSources(
  sources: readonly string[],
  overrides: readonly string[],
): Promise<GivenValues> {
  const values = new Map<string, ConfigValue>()
  const written = new Set<string>()
  const paired = new Set<string>()
  for (const source of sources) {
    const isFile = (await stat(source).catch(() => undefined)) !== undefined
    const published = publishedConfigs.find(({ name }) => name === source)
    if (!isFile && !published) throw noSource(source)
    const entries = isFile ? await readYaml(source) : Object.entries(published!.values)
    for (const [key, value] of entries) {
      values.set(key, value)
      if (isFile) written.add(key)
      else written.delete(key)
    }
  }
  for (let i = 0; i < overrides.length; i += 2) {
    const key = overrides[i]!
    const text = overrides[i + 1]
    if (text === undefined) throw noValue(key)
    values.set(key, parsePythonLiteral(text))
    written.add(key)
    paired.add(key)
  }
  return { values, written, paired }
}

function noValue(key: string): ConfigError {
  const [name, value] = key.split(/=(.*)/s)
  return new ConfigError(`${key}: a key without a value`, {
    hint:
      value === undefined
        ? `Write the value behind it: ${key} VALUE`
        : `Write a space in place of the equals sign: ${name} ${value}`,
  })
}

function noSource(source: string): ConfigError {
  const names = publishedConfigs.map(({ name }) => name)
  const file = basename(source, extname(source)).toLowerCase()
  const same = names.filter((name) => name.split('/')[1] === file || name === source.toLowerCase())
  const near = same.length > 0 ? same : nearestNames(source, names)
  return new ConfigError(`no configuration ${source}: neither a file nor a published one`, {
    hint:
      near.length > 0
        ? `Did you mean ${near.join(' or ')}?`
        : 'List the published ones with `promptsrc configs`, or name a YAML file.',
  })
}
