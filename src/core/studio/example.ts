import type { Datum } from '../data/dataset.js'
import type { EmojiArt } from '../world/emoji/art.js'
import { emojiDataset } from '../world/emoji/datasets.js'

/** Classes of the example, and pictures of each. */
const CLASSES = 3
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
  return classNames.slice(0, CLASSES).flatMap((className, label) =>
    train
      .filter((datum) => datum.label === label)
      .slice(0, PICTURES)
      .map((datum, i) => ({
        className,
        name: `${EXAMPLE}${className.replaceAll(' ', '-')}-${String(i + 1).padStart(2, '0')}.png`,
        load: () => datum.load(),
      })),
  )
}
