import type { Dataset, Datum } from '../data/dataset.js'
import { ConfigError } from '../errors.js'
import { randomStream } from '../random.js'
import { drawScene } from './render.js'
import { toySets } from './sets.js'
import type { Style } from './style.js'
import { objectNamed } from './world.js'

export { type ToySet, toySets } from './sets.js'

/** Pictures a class for training, enough for 16 shots, and for validation. */
const TRAIN = 20
const VAL = 4

/**
 * A data set of the toy world. Images are drawn when they are loaded, always the same for the same name and seed.
 *
 * @param seed which pictures there are, independent of a run's seed
 * @param style drawn in place of the set's own
 * @throws ConfigError for an unknown name
 */
export function toyDataset(
  name = 'toy',
  { seed = 0, style }: { seed?: number; style?: Style } = {},
): Dataset {
  const set = Object.hasOwn(toySets, name) ? toySets[name] : undefined
  if (!set) {
    throw new ConfigError(`unknown toy data set "${name}"; there are ${Object.keys(toySets).join(', ')}`)
  }
  const { classNames, testImages, template } = set
  const drawn = style ?? set.style
  // A fingerprint knows drawn images by class and file name alone: those of different sets must differ.
  const prefix = name === 'toy' && seed === 0 ? '' : `${name}-${seed}-`
  const part = (which: string, count: number): Datum[] =>
    classNames.flatMap((className, label) =>
      Array.from({ length: count }, (_, i) => ({
        source: `${name}/${which}/${className.replaceAll(' ', '_')}/${prefix}${String(i).padStart(3, '0')}.png`,
        label,
        load: async () =>
          drawScene(objectNamed(className), drawn, randomStream(seed, name, which, className, i)).image,
      })),
    )
  return {
    name,
    classNames,
    template,
    train: part('train', TRAIN),
    val: part('val', VAL),
    test: part('test', testImages),
  }
}
