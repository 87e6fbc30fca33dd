import * as z from 'zod'
import type { Method } from '../../core/methods/method.js'
import type { Reference, ReferenceKey } from '../../core/methods/reference.js'
import { methods } from '../../core/methods/registry.js'
import type { Key } from './keys.js'
import {
  anyNumber,
  flag,
  notNegative,
  oneOf,
  positive,
  text,
  type ValueType,
  wholeNumber,
} from './value-types.js'

/** One of the reference's trainers: where its keys are, and which method it is here. */
export interface Trainer {
  /** As in TRAINER.NAME. */
  readonly name: string
  /** As in TRAINER.<section>. */
  readonly section: string
  /** Name of the method. */
  readonly method: string
  readonly keys: Readonly<Record<string, Key>>
  readonly reference: Reference
}

/** The trainers of the methods that the reference has, with the defaults of its training program. */
export const trainers: readonly Trainer[] = Object.values(methods).flatMap((method) => {
  const { name, reference } = method
  if (!reference) return []
  const keys = Object.entries(reference.keys).map(([key, of]) => [key, keyOf(method, of)] as const)
  return {
    name: reference.trainer,
    section: reference.trainer.toUpperCase(),
    method: name,
    keys: Object.fromEntries(keys),
    reference,
  }
})

function keyOf({ options }: Method, { value, option, least }: ReferenceKey): Key {
  if (option === undefined) {
    return {
      value,
      type: oneOf('fp16', 'fp32', 'amp'),
      effect: 'none',
      note: 'all is computed in 32-bit floating point',
    }
  }
  const type = least === undefined ? typeOf(options.shape[option]! as z.ZodType) : wholeNumber(least)
  return { value, type, effect: 'honoured', note: `option ${option}` }
}

/** Which values an option takes, in the configurations' words. */
function typeOf(option: z.ZodType): ValueType {
  const { type, enum: choices, minimum, exclusiveMinimum } = z.toJSONSchema(option)
  if (choices) return oneOf(...(choices as string[]))
  if (type === 'boolean') return flag
  if (type === 'string') return text
  if (type === 'integer') return wholeNumber(minimum)
  if (exclusiveMinimum === 0) return positive
  return minimum === 0 ? notNegative : anyNumber
}

/** Sections of trainers for other tasks, which a dump of the reference's whole configuration holds. */
export const otherSections: readonly string[] = [
  'CDAC',
  'CG',
  'CROSSGRAD',
  'DAEL',
  'DAELDG',
  'DDAIG',
  'DOMAINMIX',
  'ENTMIN',
  'FIXMATCH',
  'M3SDA',
  'MCD',
  'MEANTEA',
  'MEANTEACHER',
  'MIXMATCH',
  'MME',
  'SE',
]
