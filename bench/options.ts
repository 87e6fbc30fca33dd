import { parseArgs } from 'node:util'

/** An option's default; `Number` or `String` where there is none. False is an option without a value. */
type Default = number | string | boolean | NumberConstructor | StringConstructor

type Value<T> = T extends number
  ? number
  : T extends string
    ? string
    : T extends boolean
      ? boolean
      : T extends NumberConstructor
        ? number | undefined
        : string | undefined

/**
 * A bench's options as its usage names them: `mostGflop` is `--most-gflop`. Every bench takes `--json FILE` beside its own.
 *
 * @throws TypeError for an option that is not known, and for one that shall be a number and is none
 */
export function benchOptions<T extends Readonly<Record<string, Default>>>(
  defaults: T,
): { readonly [K in keyof T]: Value<T[K]> } & { readonly json: string | undefined } {
  const flag = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  const kind = (value: Default) => ({ type: typeof value === 'boolean' ? 'boolean' : 'string' }) as const
  const { values } = parseArgs({
    options: {
      json: { type: 'string' },
      ...Object.fromEntries(Object.entries(defaults).map(([name, value]) => [flag(name), kind(value)])),
    },
  })
  const given = values as Readonly<Record<string, string | boolean | undefined>>
  const chosen = Object.entries(defaults).map(([name, value]) => {
    const written = given[flag(name)]
    if (written === undefined) return [name, typeof value === 'function' ? undefined : value]
    if (typeof value !== 'number' && value !== Number) return [name, written]
    const number = Number(written)
    if (written === '' || !Number.isFinite(number)) {
      throw new TypeError(`--${flag(name)} is a number, not ${JSON.stringify(written)}`)
    }
    return [name, number]
  })
  return { ...Object.fromEntries(chosen), json: given.json }
}
