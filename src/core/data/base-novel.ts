import { DataError } from '../errors.js'
import type { RgbImage } from '../image/resize.js'
import type { Dataset, Datum, FrameSource, ImageFile } from './dataset.js'

/** Which half of the classes: `base` is trained on, `novel` is what generalisation is measured on. */
export type ClassSelection = 'all' | 'base' | 'novel'

/**
 * The data set restricted to base or novel classes, renumbered from 0 in their order. Unless it says which these are, the
 * classes there are are read from the training list (from the class names where there is none), as in the reference;
 * images of other classes are left out. `all` returns the data set as it is.
 *
 * @throws DataError when the selection is empty (novel classes of a data set with one class)
 */
export function selectClasses(dataset: Dataset, selection: ClassSelection): Dataset {
  if (selection === 'all') return dataset
  const labels = labelsOf(dataset, selection)
  if (labels.length === 0) {
    throw new DataError(`${dataset.name} has no ${selection} classes: there are too few classes to divide`, {
      hint: 'Base and novel classes need at least two class folders.',
    })
  }
  const { descriptions } = dataset
  return {
    ...dataset,
    ...(descriptions
      ? {
          descriptions: {
            ...descriptions,
            sentences: labels.map((label) => descriptions.sentences[label] ?? []),
          },
        }
      : {}),
    classNames: labels.map((label) => dataset.classNames[label]!),
    train: keepLabels(dataset.train, labels),
    val: keepLabels(dataset.val, labels),
    test: keepLabels(dataset.test, labels),
    baseClasses: undefined,
    fingerprint: undefined,
    cachedDraw: undefined,
  }
}

/** Labels of the data set's classes of the selection, in ascending order. */
export function labelsOf({ train, classNames, baseClasses }: Dataset, selection: ClassSelection): number[] {
  if (baseClasses !== undefined && selection !== 'all') {
    const labels = [...classNames.keys()]
    return selection === 'base' ? labels.slice(0, baseClasses) : labels.slice(baseClasses)
  }
  return selectLabels(train.length > 0 ? train.map(({ label }) => label) : classNames.keys(), selection)
}

/** Labels of the selection in ascending order: base is the first half, rounded up, novel the rest. */
export function selectLabels(labels: Iterable<number>, selection: ClassSelection): number[] {
  const sorted = [...new Set(labels)].sort((a, b) => a - b)
  const half = Math.ceil(sorted.length / 2)
  switch (selection) {
    case 'all':
      return sorted
    case 'base':
      return sorted.slice(0, half)
    case 'novel':
      return sorted.slice(half)
  }
}

/** The images of the given labels in their order; an image's new label is its label's place in `labels`. */
export function keepLabels(data: readonly Datum[], labels: readonly number[]): Datum[] {
  const places = new Map(labels.map((label, place) => [label, place]))
  const kept: Datum[] = []
  for (const datum of data) {
    const label = places.get(datum.label)
    if (label !== undefined) kept.push(new Relabelled(datum, label))
  }
  return kept
}

/** An image under another label; as light as the image's own record. */
class Relabelled implements Datum {
  constructor(
    private readonly datum: Datum,
    readonly label: number,
  ) {}

  get source(): string {
    return this.datum.source
  }

  get file(): ImageFile | undefined {
    return this.datum.file
  }

  get clip(): FrameSource | undefined {
    return this.datum.clip
  }

  load(): Promise<RgbImage> {
    return this.datum.load()
  }
}
