import type { Classifier } from '../../core/evaluate/classifier.js'
import { type Prediction, type PredictOptions, predictImages } from '../../core/evaluate/predict.js'
import type { Exif } from '../../core/image/orientation.js'
import type { RgbImage } from '../../core/image/resize.js'
import { maybeClipAt, middleFrame } from '../video/clips.js'
import { decodePhoto } from './reading.js'

/** Options of {@link predict}. */
export interface PredictFilesOptions extends PredictOptions {
  /** Whether the EXIF orientation of photos is applied. Default: `apply`. */
  readonly exif?: Exif | undefined
}

/**
 * Classifies images: paths, encoded files in memory, or decoded pixels. A path of a video or of a folder of frames is that of
 * a clip; a run on pictures looks at its middle frame.
 *
 * @throws DataError naming an image that cannot be read
 */
export function predict(
  classifier: Classifier,
  images: readonly (string | Uint8Array | RgbImage)[],
  { exif, ...options }: PredictFilesOptions = {},
): AsyncGenerator<Prediction> {
  const named = images.map((image, place) => {
    const name = typeof image === 'string' ? image : `${place}`
    const clip = typeof image === 'string' ? maybeClipAt(image) : undefined
    if (clip) return { name, clip, load: () => middleFrame(clip) }
    return {
      name,
      load: async () =>
        typeof image === 'string' || image instanceof Uint8Array ? decodePhoto(image, { name, exif }) : image,
    }
  })
  return predictImages(classifier, named, options)
}
