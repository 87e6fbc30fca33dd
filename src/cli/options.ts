import { InvalidArgumentError } from 'commander'

/** Parses a whole number of at least `least`; commander names the option in its message. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < least) {
      throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`)
    }
    return value
  }
}

/** Parses a positive number. */
export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a positive number.')
  return value
}

/** Collects an option that may be given several times. */
export const repeated = (value: string, sofar: readonly string[] = []): string[] => [...sofar, value]
