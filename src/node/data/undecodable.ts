import { availableParallelism } from 'node:os'
import { ahead } from '../../core/data/ahead.js'
import type { Datum } from '../../core/data/dataset.js'
import { UserError } from '../../core/errors.js'

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
