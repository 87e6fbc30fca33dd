import { ConfigError } from '../errors.js'
import { ivlp } from './ivlp.js'
import type { Method } from './method.js'
import { promptSrc } from './promptsrc.js'

/** The methods that train prompts, by name. */
export const methods = { promptsrc: promptSrc, ivlp }

/** Name of a method that trains prompts. */
export type MethodName = keyof typeof methods

/** The method of that name. Throws ConfigError when there is none. */
export function methodNamed(name: string): Method {
  if (!Object.hasOwn(methods, name)) {
    throw new ConfigError(`unknown method "${name}"; there are ${Object.keys(methods).join(', ')}`, {
      hint: 'Choose one of them with --method.',
    })
  }
  return methods[name as MethodName] as unknown as Method
}
