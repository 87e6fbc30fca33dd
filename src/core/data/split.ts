import { ConfigError, DataError } from '../errors.js'
import { roundHalfToEven } from '../image/rounding.js'
import { groupByLabel } from './few-shot.js'
import type { PythonRandom } from './python-random.js'

/**
 * Divides labelled items into training and validation, `valFraction` of every label for validation, as the reference
 * does for the data sets that come without a validation list: label by label in order of first appearance, shuffled by
 * Python's generator, the first ones (rounded half to even) to validation.
 *
 * @throws ConfigError when the fraction is not between 0 and 1
 * @throws DataError when a label has too few items to give one to validation
 */
export function splitTrainVal<T extends { readonly label: number }>(
  items: readonly T[],
  valFraction: number,
  random: PythonRandom,
): { train: T[]; val: T[] } {
  if (!(valFraction > 0 && valFraction < 1)) {
    throw new ConfigError(`validation fraction: ${valFraction}; expected a number between 0 and 1`)
  }
  const train: T[] = []
  const val: T[] = []
  for (const [label, group] of groupByLabel(items)) {
    const count = roundHalfToEven(group.length * valFraction)
    if (count === 0) {
      throw new DataError(
        `class ${label}: ${group.length} images; too few to keep ${valFraction} of them for validation`,
      )
    }
    const shuffled = random.shuffle(group)
    val.push(...shuffled.slice(0, count))
    train.push(...shuffled.slice(count))
  }
  return { train, val }
}
