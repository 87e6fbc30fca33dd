import type { Dataset, Datum } from '../../data/dataset.js'
import { ConfigError } from '../../errors.js'
import { type RandomStream, randomStream } from '../../random.js'
import { nearestNames } from '../../suggest.js'
import { type ArtStyle, artistOf, type EmojiArt } from './art.js'
import { drawScene } from './scene.js'
import { type EmojiSet, emojiSets, poolOf } from './sets.js'
import { type Sprite, spriteOf } from './sprite.js'

/** Side of the pictures in pixels. */
export const EMOJI_SIDE = 64

/** Pictures a class for training, enough for 16 shots, and for validation. */
const TRAIN = 20
const VAL = 4

/** Options of {@link emojiDataset}. */
export interface EmojiOptions {
  readonly art: EmojiArt
  /** Which scenes there are, independent of a run's seed. */
  readonly seed?: number
  /** Which classes the set and its halves have, which of their drawings, and which scenes; in place of the name's. */
  readonly draw?: number
  /** Whether training and test share drawings; in place of the name's. */
  readonly shift?: 'mixed' | 'disjoint'
}

/** What a name says: `emoji-food-disjoint@3` is draw 3 of `emoji-food-disjoint`. */
export function parseEmojiName(name: string): { readonly set: string; readonly draw: number } | undefined {
  const found = /^(?<set>emoji-[a-z0-9-]+?)(?:@(?<draw>\d{1,6}))?$/.exec(name)?.groups
  if (!found || !Object.hasOwn(emojiSets, found.set!)) return undefined
  return { set: found.set!, draw: Number(found.draw ?? 0) }
}

/**
 * A data set of the emoji world. Pictures are drawn when they are loaded, always the same for the same name, draw and seed.
 * Its classes are in the order of the draw, so that each draw has other halves. None of its drawings was pre-trained on.
 *
 * @param name of a set, with `@` and a number for another draw than 0
 * @throws ConfigError for an unknown name
 */
export function emojiDataset(name: string, { art, seed = 0, draw: other, shift }: EmojiOptions): Dataset {
  const parsed = parseEmojiName(name)
  const named =
    parsed && shift
      ? `${parsed.set.replace(/-disjoint$/, '')}${shift === 'disjoint' ? '-disjoint' : ''}`
      : parsed?.set
  const set = named !== undefined && Object.hasOwn(emojiSets, named) ? emojiSets[named] : undefined
  if (!parsed || named === undefined || !set) throw unknownSet(name)
  const draw = other ?? parsed.draw
  const full = draw === 0 ? named : `${named}@${draw}`
  const classes = drawClasses(set, draw)
  const sprites = new Map<string, Promise<Sprite>>()
  const spriteAt = (style: ArtStyle, concept: string): Promise<Sprite> => {
    const key = `${style}/${concept}`
    const found = sprites.get(key) ?? art.sprite(style, concept).then(spriteOf)
    sprites.set(key, found)
    return found
  }
  const part = (which: 'train' | 'val' | 'test', count: number): Datum[] =>
    classes.flatMap(({ className, training, testing }, label) =>
      Array.from({ length: count }, (_, i) => ({
        source: `${full}/${which}/${className.replaceAll(' ', '_')}/${full}-${seed}-${String(i).padStart(3, '0')}.png`,
        label,
        async load() {
          const random = randomStream(seed, named, draw, which, className, i)
          const drawings = which === 'test' ? testing : training
          // In turn, so that even few shots see several drawings.
          const sprite = await spriteAt(drawings[i % drawings.length]!, className)
          return drawScene([{ sprite }], set.style, random, EMOJI_SIDE)
        },
      })),
    )
  return {
    name: full,
    classNames: classes.map(({ className }) => className),
    template: set.template,
    train: part('train', TRAIN),
    val: part('val', VAL),
    test: part('test', set.testImages),
  }
}

interface DrawnClass {
  readonly className: string
  /** Art styles of training and of test pictures. */
  readonly training: readonly ArtStyle[]
  readonly testing: readonly ArtStyle[]
}

/** The classes of a draw, the same for all sets of a pool, with the drawings that each part shows. */
function drawClasses(set: EmojiSet, draw: number): DrawnClass[] {
  const pool = poolOf(set)
  // From all of the pool's concepts, so that a variant has the classes of its source.
  const names = [...poolOf({ ...set, artStyles: undefined }).keys()]
  const chosen = randomStream(draw, 'emoji classes', set.pool).shuffle(names).slice(0, set.classes)
  return chosen
    .filter((className) => pool.has(className))
    .map((className) => {
      const random = randomStream(draw, 'emoji drawings', set.pool, className)
      const [first, second] = byArtist(pool.get(className)!, random)
      const both = [...first!, ...(second ?? [])]
      return set.shift === 'disjoint' && second
        ? { className, training: first!, testing: second }
        : { className, training: both, testing: both }
    })
}

/** One drawing of each artist, artists in random order. */
function byArtist(styles: readonly ArtStyle[], random: RandomStream): ArtStyle[][] {
  const artists = random.shuffle([...new Set(styles.map(artistOf))])
  return artists.map((artist) => {
    const own = styles.filter((style) => artistOf(style) === artist)
    return [own[random.integer(own.length)]!]
  })
}

function unknownSet(name: string): ConfigError {
  const nearest = nearestNames(name, Object.keys(emojiSets))
  return new ConfigError(
    `unknown emoji data set "${name}"; there are ${Object.keys(emojiSets).join(', ')}`,
    nearest.length > 0 ? { hint: `Did you mean ${nearest.join(' or ')}?` } : {},
  )
}
