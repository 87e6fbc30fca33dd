import { nearestNames } from '../../core/suggest.js'
import { type Key, keys } from './keys.js'
import type { GivenValues } from './sources.js'
import { otherSections, type Trainer, trainers } from './trainers.js'
import { type ConfigValue, pythonLiteral } from './value.js'

/** What is wrong with a key. */
export interface Problem {
  readonly key: string
  readonly message: string
}

/** What a configuration says, checked. */
export interface CheckedValues {
  /** The value of a key: as given, else the reference's default. */
  readonly value: (key: string) => ConfigValue
  /** Keys that the user wrote and that have no effect here. */
  readonly withoutEffect: readonly string[]
  /** What is wrong, key by key. */
  readonly problems: readonly Problem[]
  /** What is wrong with the reference's defaults of keys that are left out. */
  readonly missing: readonly string[]
}

/** All keys with those of all trainers. */
export const allKeys: ReadonlyMap<string, Key> = new Map([
  ...Object.entries(keys),
  ...trainers.flatMap(({ section, keys }) =>
    Object.entries(keys).map(([name, key]) => [`TRAINER.${section}.${name}`, key] as const),
  ),
])

/** Looks every key up and checks its value; keys of other trainers than the chosen one have no effect. */
export function checkValues({ values, written }: GivenValues, trainer: Trainer | undefined): CheckedValues {
  const problems: Problem[] = []
  const withoutEffect: string[] = []
  const own = trainer && `TRAINER.${trainer.section}.`
  for (const [name, value] of values) {
    const key = allKeys.get(name)
    const problem = key ? problemOf(name, value, key) : unknownKey(name)
    if (problem) problems.push({ key: name, message: problem })
    const foreign = name.startsWith('TRAINER.') && name !== 'TRAINER.NAME' && !(own && name.startsWith(own))
    if (!problem && written.has(name) && (foreign || key?.effect === 'none')) withoutEffect.push(name)
  }
  const missing = Object.entries(keys)
    .filter(([name]) => !values.has(name))
    .flatMap(([name, key]) => problemOf(name, key.value, key) ?? [])
  return {
    value: (name) => values.get(name) ?? allKeys.get(name)!.value,
    withoutEffect,
    problems,
    missing,
  }
}

function problemOf(name: string, value: ConfigValue, { type, effect, note }: Key): string | undefined {
  if (type.accepts(value)) return undefined
  const reason = effect === 'fixed' ? ` (${note})` : ''
  return `${name} ${pythonLiteral(value)}: expected ${type.expected}${reason}`
}

function unknownKey(name: string): string | undefined {
  const [root, section] = name.split('.')
  if (root === 'TRAINER' && otherSections.includes(section!)) return undefined
  const near = name.length > 100 ? [] : nearestNames(name, [...allKeys.keys()])
  return `${name.slice(0, 100)}: unknown key${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`
}
