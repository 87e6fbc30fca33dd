import { clipTemplates, fillTemplate } from '../clip/templates.js'
import type { Dataset } from '../data/dataset.js'
import { withDescriptions } from '../data/descriptions.js'
import { type RandomStream, randomStream } from '../random.js'
import { captionOf } from './captions.js'
import { keywords } from './emoji/keywords.js'
import { objectNamed } from './world.js'
import type { World } from './worlds.js'

/** Sentences a class, about as many as ProText has (20 to 90). */
const SENTENCES = 30

/** Share of sentences about an emoji that say more than its name. */
const KEYWORDS = 0.6

let tags: ReadonlyMap<string, readonly string[]> | undefined

/**
 * Sentences about classes of a drawn world by its caption writer, the same on every call: captions as of pre-training, which a model
 * of the world can read, that hold the whole name. Of the emoji world some have a keyword from Unicode's data beside it.
 */
export function sentencesAbout(world: World, classNames: readonly string[]): Map<string, string[]> {
  const write = world === 'emoji' ? aboutEmoji : aboutObject
  return new Map(
    classNames.map((className) => {
      const random = randomStream(0, 'descriptions', className)
      return [className, Array.from({ length: SENTENCES }, () => write(className, random))]
    }),
  )
}

/** A drawn data set with {@link sentencesAbout} its classes. */
export const described = (dataset: Dataset, world: World): Dataset =>
  withDescriptions(
    dataset,
    sentencesAbout(world, dataset.classNames),
    `the caption writer of the ${world} world`,
  )

function aboutEmoji(name: string, random: RandomStream): string {
  tags ??= new Map(
    keywords.split(/[;\n]/).map((entry) => {
      const [thing, words] = entry.split(': ')
      return [thing!.trim(), words!.split(', ')]
    }),
  )
  const own = tags.get(name) ?? []
  const more = random.uniform() < KEYWORDS && own.length > 0
  const words = more ? `${name}, ${own[random.integer(own.length)]}` : name
  return fillTemplate(clipTemplates[random.integer(clipTemplates.length)]!, words)
}

function aboutObject(name: string, random: RandomStream): string {
  const object = objectNamed(name)
  for (;;) {
    const size = (['small', 'medium', 'large'] as const)[random.integer(3)]!
    const background = (['light', 'dark'] as const)[random.integer(2)]!
    const { text, mentions } = captionOf(object, { size, background }, 'clean', random)
    // A caption that leaves an attribute out is about other classes as well.
    if (Object.keys(mentions).length === 3) return text
  }
}
