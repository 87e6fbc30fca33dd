import { ConfigError } from '../errors.js'
import type { Dataset, Datum } from './dataset.js'
import { PythonRandom } from './python-random.js'

/** A class with fewer training images than shots; all of them are used. */
export interface Shortage {
  readonly label: number
  readonly className: string
  readonly images: number
  readonly shots: number
}

/** More classes than this that fall short are said in one sentence: a data set may have thousands. */
const mostSentences = 4

/** What to tell about classes that fell short: a sentence each, or one of them all. */
export function shortageWarnings(shortages: readonly Shortage[]): string[] {
  if (shortages.length <= mostSentences) {
    return shortages.map(
      ({ className, images, shots }) =>
        `class "${className}" has ${images} training ${images === 1 ? 'image' : 'images'}, fewer than ${shots} shots`,
    )
  }
  const names = shortages.slice(0, mostSentences).map(({ className }) => `"${className}"`)
  const counts = shortages.map(({ images }) => images)
  const [least, most] = [Math.min(...counts), Math.max(...counts)]
  return [
    `${shortages.length} classes have fewer training images than ${shortages[0]!.shots} shots (${least === most ? least : `${least} to ${most}`}): ${names.join(', ')}, …`,
  ]
}

export interface FewShotDataset extends Dataset {
  /** Classes that fell short of the asked training images, in the order they first appear. */
  readonly shortages: readonly Shortage[]
}

/** Most images per class that a few-shot run keeps for validation. */
const maxValidationShots = 4

/**
 * A data set with `shots` training images per class and at most 4 for validation, selected as the published
 * few-shot splits were: by Python's generator with the run's seed, training images first, then validation. Draw over all
 * classes before choosing base or novel ones, so that both see the same selection. The test set stays whole.
 *
 * Seed 0 is a seed like any other here; the reference takes it for "no seed".
 *
 * @throws ConfigError when shots is not a positive integer
 */
export function fewShot(dataset: Dataset, shots: number, seed: number): FewShotDataset {
  if (!Number.isInteger(shots) || shots < 1) {
    throw new ConfigError(`shots: ${shots}; expected a whole number of images per class, 1 or more`)
  }
  const random = new PythonRandom(seed)
  const train = drawShots(dataset.train, shots, random)
  const val = drawShots(dataset.val, Math.min(shots, maxValidationShots), random)
  return drawn(dataset, shots, { train, val })
}

/**
 * The cached draw of a data set that has one for these shots and this seed, as the reference prefers it, or else a new
 * one.
 *
 * @throws ConfigError as {@link fewShot} does; DataError when the cache does not fit the data set
 */
export async function cachedOrNewFewShot(
  dataset: Dataset,
  shots: number,
  seed: number,
): Promise<FewShotDataset & { readonly cache?: string }> {
  const cached = await dataset.cachedDraw?.(shots, seed)
  if (!cached) return fewShot(dataset, shots, seed)
  return { ...drawn(dataset, shots, cached), cache: cached.path }
}

function drawn(
  dataset: Dataset,
  shots: number,
  { train, val }: Pick<Dataset, 'train' | 'val'>,
): FewShotDataset {
  const whole = { fingerprint: undefined, cachedDraw: undefined }
  return { ...dataset, ...whole, train, val, shortages: shortagesOf(dataset, shots) }
}

/**
 * `shots` items per label, label by label in order of first appearance. A label with fewer items gives all of them
 * in their order and draws nothing.
 */
export function drawShots<T extends { readonly label: number }>(
  items: readonly T[],
  shots: number,
  random: PythonRandom,
): T[] {
  return [...groupByLabel(items).values()].flatMap((group) =>
    group.length >= shots ? random.sample(group, shots) : group,
  )
}

/** Items by label; labels in order of first appearance, items in their order. */
export function groupByLabel<T extends { readonly label: number }>(items: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const item of items) {
    const group = groups.get(item.label)
    if (group === undefined) groups.set(item.label, [item])
    else group.push(item)
  }
  return groups
}

function shortagesOf({ train, classNames }: Dataset, shots: number): Shortage[] {
  const short = [...groupByLabel<Datum>(train)].filter(([, group]) => group.length < shots)
  return short.map(([label, group]) => ({
    label,
    className: classNames[label]!,
    images: group.length,
    shots,
  }))
}
