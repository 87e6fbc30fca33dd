import { type ConfigValue, pythonLiteral, sameValue } from './value.js'

/** Which values a key takes. */
export interface ValueType {
  /** As in "expected a text". */
  readonly expected: string
  accepts(value: ConfigValue): boolean
}

const isNumber = (value: ConfigValue): value is number => typeof value === 'number' && Number.isFinite(value)
const isWhole = (value: ConfigValue): value is number => Number.isSafeInteger(value)
const isText = (value: ConfigValue): value is string => typeof value === 'string'

/** A whole number, of at least `least` where that is given. */
export const wholeNumber = (least = Number.NEGATIVE_INFINITY): ValueType => ({
  expected: `a whole number${least > Number.NEGATIVE_INFINITY ? ` of at least ${least}` : ''}`,
  accepts: (value) => isWhole(value) && value >= least,
})

export const anyNumber: ValueType = { expected: 'a number', accepts: isNumber }

export const positive: ValueType = {
  expected: 'a number above 0',
  accepts: (value) => isNumber(value) && value > 0,
}

export const notNegative: ValueType = {
  expected: 'a number of at least 0',
  accepts: (value) => isNumber(value) && value >= 0,
}

export const share: ValueType = {
  expected: 'a number from 0 to 1',
  accepts: (value) => isNumber(value) && value >= 0 && value <= 1,
}

export const flag: ValueType = {
  expected: 'True or False',
  accepts: (value) => typeof value === 'boolean',
}

export const text: ValueType = { expected: 'a text', accepts: isText }

/** A sequence of texts and numbers. */
export const list: ValueType = {
  expected: 'a list',
  accepts: (value) => Array.isArray(value) && value.every((item) => isText(item) || isNumber(item)),
}

/** Height and width, or a side. */
export const square: ValueType = {
  expected: 'a square, such as (224, 224)',
  accepts: (value) =>
    [value].flat().every((side) => isWhole(side) && side > 0) &&
    (!Array.isArray(value) || (value.length === 2 && value[0] === value[1])),
}

/** One epoch or several. */
export const epochList: ValueType = {
  expected: 'a list of epochs, such as (10, 15)',
  accepts: (value) => [value].flat().length > 0 && [value].flat().every(isWhole),
}

/** One of the values. */
export const oneOf = (...values: readonly ConfigValue[]): ValueType => ({
  expected: values.map(pythonLiteral).join(' or '),
  accepts: (value) => values.some((each) => sameValue(each, value)),
})
