import { tidyClassName } from '../clip/templates.js'

/** What is measured, as far as its figures must be read with care. */
export interface MeasuredData {
  /** Name of the data set. */
  readonly name: string
  /** Classes to choose among. */
  readonly classNames: readonly string[]
  readonly images: number
  /** Whether these are training images, as the data set has no others. */
  readonly trainingImages: boolean
}

/** Classes named in a note. */
const NAMED = 5

/**
 * What a reader of figures must know to read them right, a sentence each: images that are for training, classes that
 * were not learned, learned classes that are no choice, a single class.
 *
 * @param learned classes that the prompts were trained on; undefined where nothing was
 */
export function evaluationNotes(
  { name, classNames, images, trainingImages }: MeasuredData,
  learned?: readonly string[],
): string[] {
  const notes: string[] = []
  if (trainingImages && images > 0) notes.push(`${name} has no test images: these are its training images`)
  if (classNames.length === 1) notes.push('with one class there is nothing to choose: accuracy says nothing')
  if (!learned) return notes
  const without = (some: readonly string[], others: readonly string[]) => {
    const known = new Set(others.map(key))
    return some.filter((className) => !known.has(key(className)))
  }
  const unlearned = without(classNames, learned)
  const missing = without(learned, classNames)
  if (unlearned.length > 0) notes.push(`${ofAll(unlearned, classNames)} not trained: ${named(unlearned)}`)
  if (missing.length > 0) {
    notes.push(
      `${ofAll(missing, learned)} trained but no choice here, which makes it easier: ${named(missing)}`,
    )
  }
  return notes
}

/** As CLIP's tokenizer tells names apart. */
const key = (name: string): string => tidyClassName(name).toLowerCase()

const ofAll = (some: readonly string[], all: readonly string[]): string =>
  `${some.length} of ${all.length} classes ${some.length === 1 ? 'was' : 'were'}`

const named = (names: readonly string[]): string =>
  names.slice(0, NAMED).join(', ') + (names.length > NAMED ? ` and ${names.length - NAMED} more` : '')
