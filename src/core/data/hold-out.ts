import { ConfigError } from '../errors.js'
import { randomStream } from '../random.js'
import type { DataWarning, Datum, Part } from './dataset.js'
import { groupByLabel } from './few-shot.js'

/**
 * Share of each class that is kept for testing where a data set has no test images of its own.
 *
 * @throws ConfigError when it is not from 0 to below 1
 */
export function checkedFraction(testFraction = 0.3): number {
  if (testFraction >= 0 && testFraction < 1) return testFraction
  throw new ConfigError(`test fraction: ${testFraction}; expected a number from 0 to below 1`)
}

/**
 * The parts of a data set as they are used: those given where there are test images; validation images as test images
 * where there are none, for whoever keeps them apart wants them measured (ImageNet's layout); else a share of the
 * training images, see {@link holdOut}.
 */
export function usedParts<T extends Datum>(
  given: Readonly<Record<Part, T[]>>,
  name: string,
  fraction: number,
  nameOf: (datum: T) => readonly string[],
): { parts: Record<Part, T[]>; warnings: DataWarning[] } {
  const { train, val, test } = given
  if (test.length > 0) return { parts: given, warnings: [] }
  if (val.length === 0) return { parts: { ...given, ...holdOut(train, fraction, nameOf) }, warnings: [] }
  const message = `${name} has no test images: its validation images are measured, and no training image is held out`
  return { parts: { train, val: [], test: val }, warnings: [{ kind: 'val-as-test', message }] }
}

/**
 * Keeps the lowest-hashing share of every class for testing: at least one image of two, never the last one. New files
 * change little, as each file's hash is its own.
 *
 * @param nameOf parts of an image's name that stay the same wherever the data set lies: `[class folder, file name]`
 */
export function holdOut<T extends Datum>(
  data: readonly T[],
  fraction: number,
  nameOf: (datum: T) => readonly string[],
): { train: T[]; test: T[] } {
  const chosen = new Set<T>()
  for (const group of groupByLabel(data).values()) {
    const wanted = fraction === 0 ? 0 : Math.max(1, Math.round(group.length * fraction))
    const hashed = group.map((datum) => ({
      datum,
      hash: randomStream(0, 'hold out', ...nameOf(datum)).uniform(),
    }))
    hashed.sort((a, b) => a.hash - b.hash)
    for (const { datum } of hashed.slice(0, Math.min(wanted, group.length - 1))) chosen.add(datum)
  }
  return {
    train: data.filter((datum) => !chosen.has(datum)),
    test: data.filter((datum) => chosen.has(datum)),
  }
}
