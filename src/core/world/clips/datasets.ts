import type { Dataset, Datum, FrameSource } from '../../data/dataset.js'
import { ConfigError } from '../../errors.js'
import { randomStream } from '../../random.js'
import { drawScene } from '../render.js'
import { clean, type Style } from '../style.js'
import { objectNamed } from '../world.js'
import { directedActions, plainActions } from './actions.js'

/** A drawn data set of clips: objects of the toy world, each in several actions. */
export interface ClipSet {
  /** What its clips are, for readers. */
  readonly summary: string
  readonly objects: readonly string[]
  readonly actions: typeof plainActions
  readonly style: Style
}

/** Clips a class: for training, enough for 16 shots; for validation; for testing. */
const CLIPS = { train: 16, val: 4, test: 12 } as const

/** Frames of the shortest and the longest clip. */
const LENGTHS = [12, 24] as const

const style: Style = { ...clean, hue: 8, rotation: 20, texture: 0.4 }

/** The data sets of clips by name. The first half of the objects, in all actions, are base classes, the others novel. */
export const clipSets: Readonly<Record<string, ClipSet>> = {
  'toy-clips': {
    summary: 'clips of objects that rest, move, turn, change their size or their colour',
    objects: [
      'striped red circle',
      'plain blue star',
      'checkered green square',
      'zigzag orange drop',
      'dotted purple heart',
      'plain cyan hexagon',
    ],
    actions: plainActions,
    style,
  },
  'toy-directions': {
    summary: 'clips in pairs of which one is the other played backwards: no frame tells them apart',
    objects: ['plain red arrow', 'dotted green star', 'striped blue drop', 'zigzag pink cross'],
    actions: directedActions,
    style,
  },
}

/**
 * A data set of drawn clips, of 12 to 24 frames each. Frames are drawn when they are loaded, always the same for the same
 * name and seed.
 *
 * @param seed which clips there are, independent of a run's seed
 * @throws ConfigError for an unknown name
 */
export function clipDataset(name: string, { seed = 0 }: { readonly seed?: number } = {}): Dataset {
  const set = Object.hasOwn(clipSets, name) ? clipSets[name] : undefined
  if (!set) {
    throw new ConfigError(
      `unknown data set of clips "${name}"; there are ${Object.keys(clipSets).join(', ')}`,
    )
  }
  const classes = set.objects.flatMap((object) =>
    Object.keys(set.actions).map((action) => ({ object, action, className: `${object} ${action}` })),
  )
  const part = (which: keyof typeof CLIPS): Datum[] =>
    classes.flatMap(({ object, action, className }, label) =>
      Array.from({ length: CLIPS[which] }, (_, i): Datum => {
        const key = [seed, name, which, className, i] as const
        const clip = drawnClip(object, set, action, key)
        const file = `${name}-${seed}-${String(i).padStart(3, '0')}`
        return {
          source: `${name}/${which}/${className.replaceAll(' ', '_')}/${file}`,
          label,
          clip,
          load: async () => (await clip.load([Math.floor((await clip.count()) / 2)]))[0]!,
        }
      }),
    )
  return {
    name,
    classNames: classes.map(({ className }) => className),
    template: 'a video of a {}.',
    train: part('train'),
    val: part('val'),
    test: part('test'),
  }
}

/** All frames are drawn from equal streams, so that nothing but the action differs. */
function drawnClip(
  object: string,
  { actions, style }: ClipSet,
  action: string,
  [seed, ...key]: readonly [number, ...(string | number)[]],
): FrameSource {
  const random = randomStream(seed, 'clip', ...key)
  const [least, most] = LENGTHS
  const count = least + random.integer(most - least + 1)
  const course = actions[action]!(random)
  const frame = (place: number) =>
    drawScene(objectNamed(object), style, randomStream(seed, 'scene', ...key), course(place / (count - 1)))
      .image
  return { count: async () => count, load: async (places) => places.map(frame) }
}
