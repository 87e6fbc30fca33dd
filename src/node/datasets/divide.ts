import type { Part } from '../../core/data/dataset.js'
import { groupByLabel } from '../../core/data/few-shot.js'
import { PythonRandom } from '../../core/data/python-random.js'
import { splitTrainVal } from '../../core/data/split.js'
import { DataError } from '../../core/errors.js'
import { roundHalfToEven } from '../../core/image/rounding.js'
import type { LabelledPath } from './labelled-lists.js'

export type Lists = Readonly<Record<Part, readonly LabelledPath[]>>

/** Where no split file fixes it, the same division for everyone: the reference's own depends on the file system. */
const seed = 1

/**
 * Divides each class, in order of first appearance, into half for training, a fifth for validation and the rest for
 * testing, as the reference does where a data set has no split: shuffled, counts rounded half to even.
 *
 * @throws DataError when a class has too few images to give each part one
 */
export function divideInThree(images: readonly LabelledPath[]): Lists {
  const random = new PythonRandom(seed)
  const lists: Record<Part, LabelledPath[]> = { train: [], val: [], test: [] }
  for (const group of groupByLabel(images).values()) {
    const train = roundHalfToEven(group.length * 0.5)
    const val = roundHalfToEven(group.length * 0.2)
    if (Math.min(train, val, group.length - train - val) < 1) {
      throw new DataError(
        `class "${group[0]!.className}": ${group.length} images; too few for training, validation and testing`,
      )
    }
    const shuffled = random.shuffle(group)
    lists.train.push(...shuffled.slice(0, train))
    lists.val.push(...shuffled.slice(train, train + val))
    lists.test.push(...shuffled.slice(train + val))
  }
  return lists
}

/**
 * Keeps a fifth of each class's training images for validation, as the reference does where a data set has a test list
 * only; see `splitTrainVal`.
 *
 * @throws DataError when a class has too few images
 */
export function divideTraining(images: readonly LabelledPath[], test: readonly LabelledPath[]): Lists {
  return { ...splitTrainVal(images, 0.2, new PythonRandom(seed)), test }
}
