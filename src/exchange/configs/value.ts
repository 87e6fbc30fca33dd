/** A value of a configuration: what Python's literals and YAML's scalars and sequences can say. */
export type ConfigValue = string | number | boolean | null | readonly ConfigValue[]

/** The value as Python writes it, which is how it is written behind a command. */
export function pythonLiteral(value: ConfigValue): string {
  if (value === null) return 'None'
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
  return `[${value.map(pythonLiteral).join(', ')}]`
}

/** True where both have the same content. */
export function sameValue(a: ConfigValue, b: ConfigValue): boolean {
  return pythonLiteral(a) === pythonLiteral(b)
}
