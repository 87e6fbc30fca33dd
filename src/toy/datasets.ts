import type { Dataset, Datum } from '../data/dataset.js'
import { ConfigError } from '../errors.js'
import { randomStream } from '../random.js'
import { drawScene } from './render.js'
import { type Style, type StyleName, styles } from './style.js'
import { objectNamed } from './world.js'

/**
 * Classes of the default set. The first half is base, the second novel: other combinations of mostly the same words,
 * with neighbours that differ in one word alone in both halves.
 */
const classNames = [
  'striped red circle',
  'dotted red circle',
  'checkered red hexagon',
  'plain orange diamond',
  'striped orange drop',
  'zigzag yellow star',
  'dotted green star',
  'checkered green square',
  'plain blue crescent',
  'zigzag blue ring',
  'striped purple heart',
  'dotted pink cross',
  'zigzag red hexagon',
  'plain orange drop',
  'checkered orange circle',
  'striped yellow square',
  'plain green triangle',
  'dotted cyan triangle',
  'checkered cyan ring',
  'striped blue crescent',
  'dotted purple diamond',
  'plain pink heart',
  'zigzag pink arrow',
  'checkered purple cross',
]

/** Images a class in each part. */
const COUNTS = { train: 20, val: 4, test: 50 } as const

/** A toy set: its name, what it shows and in which style. */
interface ToySet {
  readonly summary: string
  readonly style: StyleName
}

/** The data sets of the toy world by name. */
export const toySets: Readonly<Record<string, ToySet>> = {
  toy: { summary: 'textured coloured shapes in the field style', style: 'field' },
  'toy-clean': { summary: 'the same classes in the style of pre-training', style: 'clean' },
  'toy-noise': { summary: 'the same classes under heavy noise', style: 'noise' },
  'toy-blur': { summary: 'the same classes out of focus', style: 'blur' },
  'toy-palette': { summary: 'the same classes in other colours', style: 'palette' },
  'toy-rotation': { summary: 'the same classes, freely rotated', style: 'rotation' },
  'toy-clutter': { summary: 'the same classes among other things', style: 'clutter' },
  'toy-sketch': { summary: 'the same classes as sketches', style: 'sketch' },
  'toy-haze': { summary: 'the same classes in haze', style: 'haze' },
}

/**
 * A data set of the toy world. Images are drawn when they are loaded, always the same for the same name and seed.
 *
 * @param seed which pictures there are, independent of a run's seed
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
  const drawn = style ?? styles[set.style]
  const part = (which: keyof typeof COUNTS): Datum[] =>
    classNames.flatMap((className, label) =>
      Array.from({ length: COUNTS[which] }, (_, i) => ({
        source: `${name}/${which}/${className.replaceAll(' ', '_')}/${String(i).padStart(3, '0')}.png`,
        label,
        load: async () =>
          drawScene(objectNamed(className), drawn, randomStream(seed, name, which, className, i)).image,
      })),
    )
  return { name, classNames, train: part('train'), val: part('val'), test: part('test') }
}
