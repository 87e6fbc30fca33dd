import { clipSets } from './clips/datasets.js'
import { parseEmojiName } from './emoji/datasets.js'
import { emojiSets } from './emoji/sets.js'
import { toySets } from './sets.js'

/** What data sets are drawn from: shapes with textures, or the emoji of several artists. */
export type World = 'toy' | 'emoji'

/** The embedded model of each world: pre-trained on other pictures of it. */
export const modelOfWorld: Readonly<Record<World, string>> = { toy: 'tiny', emoji: 'emoji' }

/** The embedded model that a data set's commands take unless told: of the set's own world, `tiny` for anything else. */
export const defaultModel = (dataset: string): string => modelOfWorld[worldOf(dataset) ?? 'toy']

/** The world that a name of a drawn data set is of; undefined for other names. */
export function worldOf(name: string): World | undefined {
  if (Object.hasOwn(toySets, name) || Object.hasOwn(clipSets, name)) return 'toy'
  return parseEmojiName(name) ? 'emoji' : undefined
}

/** Drawn data sets with what their pictures are. Those of the emoji world have other draws as well (`emoji-food@3`). */
export const drawnSummaries: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...toySets, ...clipSets, ...emojiSets }).map(([name, { summary }]) => [name, summary]),
)
