import * as z from 'zod'
import type { Part } from '../../core/data/dataset.js'
import type { ImageFolder } from '../data/image-folder.js'
import { type CheckedLists, checkLists, type LabelledPath } from './labelled-lists.js'
import type { SourceFolder } from './source-folder.js'

/** Enough for a list of all of ImageNet (about 100 MB). */
const largestSplit = 2 ** 28

const outer = z.strictObject({
  train: z.array(z.unknown()),
  val: z.array(z.unknown()),
  test: z.array(z.unknown()),
})
const entry = z.tuple([z.string(), z.number().int().min(0).max(1_000_000), z.string()])

/**
 * Reads a split as CoOp published them: `{"train": [[path, label, class name], …], "val": …, "test": …}`.
 *
 * @param images folder that the paths are relative to
 * @throws DataError naming file and position when it is of another shape, a path leads out of the folder, a label has
 * two class names or labels have gaps
 */
export async function readSplitFile(
  folder: SourceFolder,
  file: string,
  images: ImageFolder,
): Promise<CheckedLists> {
  const expected = 'lists "train", "val" and "test" of [path, label, class name]'
  const content = outer.safeParse(await folder.parsedJson(file, largestSplit))
  if (!content.success) {
    const { path, message } = content.error.issues[0]!
    throw folder.problem(
      file,
      `${path.length > 0 ? `, ${path.join('.')}` : ''}: ${message}; expected ${expected}`,
    )
  }
  const problem = (part: Part, index: number, message: string) =>
    folder.problem(file, `, ${part}[${index}]: ${message}`)
  const { data } = content
  // One by one: a list of ImageNet's size is large enough in one form at a time.
  function* entries(part: Part): Iterable<LabelledPath> {
    for (const [i, value] of data[part].entries()) {
      const read = entry.safeParse(value)
      if (!read.success) {
        const shown = (JSON.stringify(value) ?? '').slice(0, 100)
        throw problem(part, i, `${shown}; expected [path, label, class name] with a whole number from 0`)
      }
      const [path, label, className] = read.data
      yield { path, label, className }
    }
  }
  const lists = { train: entries('train'), val: entries('val'), test: entries('test') }
  return checkLists(lists, images, problem, (label, labels) =>
    folder.problem(
      file,
      `: ${labels} labels, but none of the images has label ${label}; expected 0 to ${labels - 1}`,
    ),
  )
}
