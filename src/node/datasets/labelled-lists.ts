import { isBlankName, tidyClassName } from '../../core/clip/templates.js'
import type { Part } from '../../core/data/dataset.js'
import { FileDatum } from '../data/file-datum.js'
import type { ImageFolder } from '../data/image-folder.js'
import { pathProblem } from '../files/paths.js'

/** An image as annotations give it. */
export interface LabelledPath {
  /** Below the data set's image folder, with slashes. */
  readonly path: string
  /** From 0. */
  readonly label: number
  readonly className: string
}

const parts: readonly Part[] = ['train', 'val', 'test']

/** Makes an error about an entry of a list (0-based). */
export type EntryProblem = (part: Part, index: number, message: string) => Error

/** Images and class names of annotations. */
export interface CheckedLists {
  readonly classNames: readonly string[]
  readonly train: readonly FileDatum[]
  readonly val: readonly FileDatum[]
  readonly test: readonly FileDatum[]
}

/**
 * Makes data of labelled paths: every path stays inside the image folder, a label has one class name wherever it
 * occurs, and labels run from 0 without gaps.
 *
 * @throws what `problem` makes of an entry, `gap` of a label that no image has
 */
export function checkLists(
  lists: Readonly<Record<Part, Iterable<LabelledPath>>>,
  images: ImageFolder,
  problem: EntryProblem,
  gap: (label: number, labels: number) => Error,
): CheckedLists {
  const names = new Map<number, string>()
  const data: Record<Part, FileDatum[]> = { train: [], val: [], test: [] }
  for (const part of parts) {
    let i = 0
    for (const { path, label, className } of lists[part]) {
      const wrong = pathProblem(path)
      if (wrong)
        throw problem(part, i, `${wrong}, ${JSON.stringify(path)}; expected one below ${images.path}`)
      const known = names.get(label)
      if (known === undefined) {
        if (isBlankName(className)) throw problem(part, i, `label ${label} has an empty class name`)
        names.set(label, className)
      } else if (known !== className) {
        throw problem(part, i, `label ${label} is "${className}" here and "${known}" before`)
      }
      data[part].push(new FileDatum(images, path, label))
      i++
    }
  }
  const classNames: string[] = []
  for (let label = 0; label < names.size; label++) {
    const name = names.get(label)
    if (name === undefined) throw gap(label, names.size)
    classNames.push(tidyClassName(name))
  }
  return { classNames, ...data }
}
