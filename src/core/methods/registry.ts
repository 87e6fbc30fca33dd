import { ConfigError } from '../errors.js'
import { cocoop } from './cocoop.js'
import { coop } from './coop.js'
import { ivlp } from './ivlp.js'
import { maple } from './maple.js'
import type { Method } from './method.js'
import { proda } from './proda.js'
import { promptSrc } from './promptsrc.js'
import { regulated } from './regulated.js'

/** The methods that train prompts, by name; every one of them can be regulated. */
export const methods = {
  promptsrc: promptSrc,
  ivlp: regulated(ivlp),
  maple: regulated(maple),
  cocoop: regulated(cocoop),
  coop: regulated(coop),
  proda: regulated(proda),
}

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
