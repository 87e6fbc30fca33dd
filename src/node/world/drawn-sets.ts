import type { Dataset } from '../../core/data/dataset.js'
import { clipDataset, clipSets } from '../../core/world/clips/datasets.js'
import { toyDataset } from '../../core/world/datasets.js'
import { described } from '../../core/world/descriptions.js'
import { emojiDataset } from '../../core/world/emoji/datasets.js'
import { drawnSummaries, worldOf } from '../../core/world/worlds.js'
import type { DrawnSets } from '../data/open-dataset.js'
import { emojiArt } from './emoji-art.js'

/**
 * A drawn data set of either world, with sentences about its classes.
 *
 * @param seed which pictures there are
 * @throws ConfigError for an unknown name
 */
export function drawnDataset(name: string, seed = 0): Dataset {
  if (Object.hasOwn(clipSets, name)) return clipDataset(name, { seed })
  return worldOf(name) === 'emoji'
    ? described(emojiDataset(name, { art: emojiArt, seed }), 'emoji')
    : described(toyDataset(name, { seed }), 'toy')
}

/** What is drawn rather than read, for those who open data sets by name. */
export const drawnSets: DrawnSets = {
  names: [...drawnSummaries.keys()],
  knows: (name) => worldOf(name) !== undefined,
  open: drawnDataset,
}
