import type { Datum } from '../data/dataset.js'
import type { EmojiArt } from '../world/emoji/art.js'
import { emojiDataset } from '../world/emoji/datasets.js'

/** Classes of the example: such as the model inside this package takes for one another before it is trained. */
const CLASSES = ['croissant', 'fried shrimp', 'hot dog', 'taco']
/** Pictures of each. */
const PICTURES = 16

/** What the names of its pictures begin with. */
const EXAMPLE = 'drawn-'

/** A picture of the example. */
export interface ExamplePicture extends Pick<Datum, 'load'> {
  readonly className: string
  readonly name: string
}

/** Drawn pictures to try the studio with: food, by several artists. */
export function examplePictures(art: EmojiArt): ExamplePicture[] {
  const { classNames, train } = emojiDataset('emoji-food', { art })
  return CLASSES.flatMap((className) =>
    train
      .filter(({ label }) => classNames[label] === className)
      .slice(0, PICTURES)
      .map((datum, i) => ({
        className,
        name: `${EXAMPLE}${className.replaceAll(' ', '-')}-${String(i + 1).padStart(2, '0')}.png`,
        load: () => datum.load(),
      })),
  )
}
