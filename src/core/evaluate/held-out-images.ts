import { selectClasses } from '../data/base-novel.js'
import type { Dataset, Datum } from '../data/dataset.js'
import { cachedOrNewFewShot } from '../data/few-shot.js'
import type { Settings } from '../train/settings.js'

/** Images of the trained classes that were neither trained on nor are kept for testing. */
export interface HeldOutImages {
  /** The part of the data set that they are of. */
  readonly part: 'val' | 'train'
  readonly images: readonly Datum[]
}

/** Enough for a threshold: of 500 images, the share accepted varies by 1 %. */
const MOST = 500

/**
 * Images on which what follows training is set: the validation part, or where there is none, training images that were
 * not among the shots. An image that is also trained on or tested, by its path, is none of them. Of more than 500, as
 * many are taken at equal distances; the same for the same data and settings.
 */
export async function heldOutImages(
  dataset: Dataset,
  { shots, seed, classes }: Pick<Settings, 'shots' | 'seed' | 'classes'>,
): Promise<HeldOutImages> {
  const shown = shots > 0 ? (await cachedOrNewFewShot(dataset, shots, seed)).train : []
  const used = new Set([...shown, ...dataset.test].map(({ source }) => source))
  // Base and novel classes are told by the training images, which must be there for it.
  const { train, val } = selectClasses(dataset, classes)
  const apart = (images: readonly Datum[]) => images.filter(({ source }) => !used.has(source))
  const [part, images] = val.length > 0 ? (['val', apart(val)] as const) : (['train', apart(train)] as const)
  const step = Math.max(1, images.length / MOST)
  const count = Math.min(images.length, MOST)
  return { part, images: Array.from({ length: count }, (_, i) => images[Math.floor(i * step)]!) }
}
