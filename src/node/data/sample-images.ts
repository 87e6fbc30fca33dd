import { basename, dirname, join } from 'node:path'
import type { Dataset } from '../../core/data/dataset.js'
import type { Exif } from '../../core/image/orientation.js'
import type { LookedAtImage } from '../../core/interpret/image-attention.js'
import { decodePhoto } from './reading.js'

/** Photos of one's own by path; their EXIF orientation is applied unless asked for otherwise. */
export const imageFiles = (
  paths: readonly string[],
  { exif }: { readonly exif?: Exif | undefined } = {},
): LookedAtImage[] =>
  paths.map((path) => ({ name: path, load: () => decodePhoto(path, { name: path, exif }) }))

/** Evenly spaced test images of the given classes, or training images where there are no test images. */
export function sampleImages(
  { classNames, train, test }: Dataset,
  wanted: readonly string[],
  count: number,
): LookedAtImage[] {
  const images = (test.length > 0 ? test : train).filter(({ label }) => wanted.includes(classNames[label]!))
  const n = Math.min(count, images.length)
  return Array.from({ length: n }, (_, k) => {
    const datum = images[Math.floor(((k + 0.5) * images.length) / n)]!
    const { source, label } = datum
    const name = join(basename(dirname(source)), basename(source))
    return { name, truth: classNames[label]!, load: () => datum.load() }
  })
}
