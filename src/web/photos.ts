import { tidyClassName } from '../core/clip/templates.js'
import type { Dataset, Datum } from '../core/data/dataset.js'
import { DataError } from '../core/errors.js'
import type { NamedImage } from '../core/evaluate/predict.js'
import type { Exif } from '../core/image/orientation.js'
import { type DecodeOptions, decodeImage, type ImageSource } from './image.js'

/** Pictures by class name, as they were chosen or taken in the page. */
export type Photos = Readonly<Record<string, readonly Blob[]>>

/** Options of {@link photoDataset}. */
export interface PhotoDatasetOptions {
  /** Default: `photos`. */
  readonly name?: string
  /** Pictures to measure by; their classes must be among those to train. */
  readonly test?: Photos
  /** Whether photos are turned as their cameras noted. Default: `apply`. */
  readonly exif?: Exif
}

/**
 * A data set of pictures in the page. They are decoded when they are needed (see {@link decodeImage}).
 *
 * @throws DataError for a class without pictures, two classes of one name, or fewer than two classes
 */
export function photoDataset(
  photos: Photos,
  { name = 'photos', test = {}, exif = 'apply' }: PhotoDatasetOptions = {},
): Dataset {
  const classNames = Object.keys(photos).map(tidyClassName)
  if (classNames.length < 2) {
    throw new DataError(`${classNames.length} class of pictures; expected two or more`, {
      hint: 'Add a class that the pictures are to be told apart from.',
    })
  }
  const twice = classNames.find((className, i) => className === '' || classNames.indexOf(className) !== i)
  if (twice !== undefined) {
    throw new DataError(twice === '' ? 'a class has no name' : `two classes are named "${twice}"`, {
      hint: 'Give every class a name of its own.',
    })
  }
  const empty = Object.keys(photos).find((className) => photos[className]!.length === 0)
  if (empty !== undefined) {
    throw new DataError(`class "${empty}" has no pictures`, { hint: 'Add pictures, or remove the class.' })
  }
  return {
    name,
    classNames,
    exif,
    train: dataOf(photos, classNames, { part: 'train', exif }),
    val: [],
    test: dataOf(test, classNames, { part: 'test', exif }),
  }
}

function dataOf(
  photos: Photos,
  classNames: readonly string[],
  { part, exif }: { part: string; exif: Exif },
): Datum[] {
  return Object.entries(photos).flatMap(([className, pictures]) => {
    const label = classNames.indexOf(tidyClassName(className))
    if (label < 0) throw new DataError(`class "${className}" is measured but not trained`)
    return pictures.map((picture, i) => {
      // Names of photos repeat, and decoded images are kept by this one.
      const name = [`${part}/${className}/${i}`, picture instanceof File ? picture.name : '']
        .filter(Boolean)
        .join(' ')
      return { source: name, label, load: imageOf(picture, { name, exif }).load }
    })
  })
}

/**
 * Whatever a page has a picture in, as `predictImages` takes it: a file, an image element, a canvas, a bitmap, pixels, a video
 * element or a frame of a video. It is read when it is classified: of a video the frame that is shown then.
 *
 * @param options photos are turned as their cameras noted, unless told otherwise
 */
export function imageOf(source: ImageSource, options: DecodeOptions = {}): NamedImage {
  const name = options.name ?? (source instanceof File && source.name !== '' ? source.name : 'image')
  return { name, load: () => decodeImage(source, { exif: 'apply', ...options, name }) }
}
