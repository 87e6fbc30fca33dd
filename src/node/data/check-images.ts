import { readdir, stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, dirname } from 'node:path'
import { ahead } from '../../core/data/ahead.js'
import type { Dataset, Datum } from '../../core/data/dataset.js'
import { UserError } from '../../core/errors.js'
import { FileDatum } from './file-datum.js'

/** Images looked at in one go: a list of a million tasks would take the memory of as many closures. */
const PIECE = 1024

/** An image that cannot be decoded, and why. */
export interface BadImage {
  readonly source: string
  readonly problem: string
}

/**
 * Decodes every image and yields, one for each in their order, what is wrong with it, undefined where nothing is.
 *
 * @throws the signal's reason when it aborts
 */
export async function* decodeAll(
  data: readonly Datum[],
  signal?: AbortSignal,
): AsyncGenerator<BadImage | undefined> {
  const problemOf = async (datum: Datum): Promise<BadImage | undefined> => {
    try {
      await datum.load()
      return undefined
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      return { source: datum.source, problem: error.message }
    }
  }
  for (let start = 0; start < data.length; start += PIECE) {
    const tasks = data.slice(start, start + PIECE).map((datum) => () => problemOf(datum))
    yield* ahead(tasks, 2 * availableParallelism(), signal)
  }
}

/**
 * Images of a data set whose files are not there: lists name images that an incomplete copy lacks. Folders are listed
 * once each, so that a million images take seconds.
 */
export async function absentImages({ train, val, test }: Dataset): Promise<Datum[]> {
  const listings = new Map<string, ReadonlySet<string>>()
  const absent: Datum[] = []
  for (const part of [train, val, test]) {
    for (const datum of part) {
      if (!(datum instanceof FileDatum)) continue
      const folder = dirname(datum.source)
      let names = listings.get(folder)
      if (names === undefined) {
        names = new Set(await readdir(folder).catch(() => []))
        listings.set(folder, names)
      }
      if (names.has(basename(datum.source))) continue
      // The file system may spell a name otherwise (case, composed characters).
      if (await stat(datum.source).catch(() => undefined)) continue
      absent.push(datum)
    }
  }
  return absent
}
