import { basename, extname } from 'node:path'
import type { Dataset } from '../../core/data/dataset.js'
import { type ClassSentences, describedClasses, parseDescriptions } from '../../core/data/descriptions.js'
import { DataError } from '../../core/errors.js'
import { readRegularText } from '../files/regular-file.js'

/**
 * The sentences of a JSON file, see `parseDescriptions`.
 *
 * @throws DataError when it cannot be read, or not be used
 */
export async function readDescriptions(path: string): Promise<ClassSentences> {
  const text = await readRegularText(path).catch((cause: NodeJS.ErrnoException) => {
    throw new DataError(`${path}: cannot be read as a file of descriptions (${cause.code})`, {
      cause,
      hint: 'Name a JSON file: {"class name": ["a sentence about it.", …], …}.',
    })
  })
  return parseDescriptions(text, path)
}

/**
 * The data set that a file of descriptions is by itself: its classes, and no image.
 *
 * @throws DataError as {@link readDescriptions} does
 */
export const openDescriptions = async (path: string): Promise<Dataset> =>
  describedClasses(await readDescriptions(path), basename(path, extname(path)), path)
